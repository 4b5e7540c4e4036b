// The blocking table: calls that look up a path, and so wait for disks, network and user-space file systems.
#include "runtime/libc/members/calls.h"

struct stat;
struct statfs;

RT0_CALL(int, access, (const char* path, int mode), SYS_access, path, mode);
RT0_CALL(int, acct, (const char* path), SYS_acct, path);
RT0_CALL(int, chdir, (const char* path), SYS_chdir, path);
RT0_CALL(int, chmod, (const char* path, mode_t mode), SYS_chmod, path, mode);
RT0_CALL(int, chown, (const char* path, uid_t user, gid_t group), SYS_chown, path, user, group);
RT0_CALL(int, chroot, (const char* path), SYS_chroot, path);
RT0_CALL(int, inotify_add_watch, (int fd, const char* path, unsigned mask), SYS_inotify_add_watch, fd, path,
         mask);
RT0_CALL(int, fanotify_mark, (int fd, unsigned flags, unsigned long mask, int at, const char* path),
         SYS_fanotify_mark, fd, flags, mask, at, path);
RT0_CALL(int, fchdir, (int fd), SYS_fchdir, fd);
RT0_CALL(int, fchmod, (int fd, mode_t mode), SYS_fchmod, fd, mode);
RT0_CALL(int, fchown, (int fd, uid_t user, gid_t group), SYS_fchown, fd, user, group);
RT0_CALL(int, fchownat, (int at, const char* path, uid_t user, gid_t group, int flags), SYS_fchownat, at,
         path, user, group, flags);
RT0_CALL(int, fstat, (int fd, struct stat* to), SYS_fstat, fd, to);
RT0_CALL(int, fstatat, (int at, const char* path, struct stat* to, int flags), SYS_newfstatat, at, path, to,
         flags);
RT0_CALL(int, fstatfs, (int fd, struct statfs* to), SYS_fstatfs, fd, to);
RT0_CALL(int, lchown, (const char* path, uid_t user, gid_t group), SYS_lchown, path, user, group);
RT0_CALL(int, link, (const char* from, const char* to), SYS_link, from, to);
RT0_CALL(int, linkat, (int from_at, const char* from, int to_at, const char* to, int flags), SYS_linkat,
         from_at, from, to_at, to, flags);
RT0_CALL(int, lstat, (const char* path, struct stat* to), SYS_lstat, path, to);
RT0_CALL(int, mkdir, (const char* path, mode_t mode), SYS_mkdir, path, mode);
RT0_CALL(int, mkdirat, (int at, const char* path, mode_t mode), SYS_mkdirat, at, path, mode);
RT0_CALL(int, mknod, (const char* path, mode_t mode, dev_t device), SYS_mknod, path, mode, device);
RT0_CALL(int, mknodat, (int at, const char* path, mode_t mode, dev_t device), SYS_mknodat, at, path, mode,
         device);
RT0_CALL(int, mount,
         (const char* what, const char* path, const char* type, unsigned long flags, const void* data),
         SYS_mount, what, path, type, flags, data);
RT0_CALL(int, name_to_handle_at, (int at, const char* path, void* handle, int* mount, int flags),
         SYS_name_to_handle_at, at, path, handle, mount, flags);
RT0_CALL(int, open_by_handle_at, (int at, void* handle, int flags), SYS_open_by_handle_at, at, handle, flags);
RT0_CALL(int, pivot_root, (const char* root, const char* old), SYS_pivot_root, root, old);
RT0_CALL(int, quotactl, (int what, const char* device, int id, char* to), SYS_quotactl, what, device, id, to);
RT0_CALL(int, rename, (const char* from, const char* to), SYS_rename, from, to);
RT0_CALL(int, renameat, (int from_at, const char* from, int to_at, const char* to), SYS_renameat, from_at,
         from, to_at, to);
RT0_CALL(int, rmdir, (const char* path), SYS_rmdir, path);
RT0_CALL(int, stat, (const char* path, struct stat* to), SYS_stat, path, to);
RT0_CALL(int, statfs, (const char* path, struct statfs* to), SYS_statfs, path, to);
RT0_CALL(int, swapoff, (const char* path), SYS_swapoff, path);
RT0_CALL(int, swapon, (const char* path, int flags), SYS_swapon, path, flags);
RT0_CALL(int, symlink, (const char* text, const char* path), SYS_symlink, text, path);
RT0_CALL(int, symlinkat, (const char* text, int at, const char* path), SYS_symlinkat, text, at, path);
RT0_CALL(int, truncate, (const char* path, off_t bytes), SYS_truncate, path, bytes);
RT0_CALL(int, umount, (const char* path), SYS_umount2, path, 0);
RT0_CALL(int, umount2, (const char* path, int flags), SYS_umount2, path, flags);
RT0_CALL(int, unlink, (const char* path), SYS_unlink, path);
RT0_CALL(int, unlinkat, (int at, const char* path, int flags), SYS_unlinkat, at, path, flags);
RT0_CALL(int, utimensat, (int at, const char* path, const timespec* times, int flags), SYS_utimensat, at,
         path, times, flags);
RT0_CALL(int, futimesat, (int at, const char* path, const timeval* times), SYS_futimesat, at, path, times);
RT0_CALL(int, utimes, (const char* path, const timeval* times), SYS_utimes, path, times);
RT0_CALL(ssize_t, readlink, (const char* path, char* to, size_t room), SYS_readlink, path, to, room);
RT0_CALL(ssize_t, readlinkat, (int at, const char* path, char* to, size_t room), SYS_readlinkat, at, path, to,
         room);

RT0_CALL64(fstat);
RT0_CALL64(fstatat);
RT0_CALL64(fstatfs);
RT0_CALL64(lstat);
RT0_CALL64(stat);
RT0_CALL64(statfs);
RT0_CALL64(truncate);

// Extended attributes, by path, by link, by descriptor.
RT0_CALL(ssize_t, getxattr, (const char* path, const char* name, void* to, size_t room), SYS_getxattr, path,
         name, to, room);
RT0_CALL(ssize_t, lgetxattr, (const char* path, const char* name, void* to, size_t room), SYS_lgetxattr, path,
         name, to, room);
RT0_CALL(ssize_t, fgetxattr, (int fd, const char* name, void* to, size_t room), SYS_fgetxattr, fd, name, to,
         room);
RT0_CALL(ssize_t, listxattr, (const char* path, char* to, size_t room), SYS_listxattr, path, to, room);
RT0_CALL(ssize_t, llistxattr, (const char* path, char* to, size_t room), SYS_llistxattr, path, to, room);
RT0_CALL(ssize_t, flistxattr, (int fd, char* to, size_t room), SYS_flistxattr, fd, to, room);
RT0_CALL(int, removexattr, (const char* path, const char* name), SYS_removexattr, path, name);
RT0_CALL(int, lremovexattr, (const char* path, const char* name), SYS_lremovexattr, path, name);
RT0_CALL(int, fremovexattr, (int fd, const char* name), SYS_fremovexattr, fd, name);
RT0_CALL(int, setxattr, (const char* path, const char* name, const void* value, size_t bytes, int flags),
         SYS_setxattr, path, name, value, bytes, flags);
RT0_CALL(int, lsetxattr, (const char* path, const char* name, const void* value, size_t bytes, int flags),
         SYS_lsetxattr, path, name, value, bytes, flags);
RT0_CALL(int, fsetxattr, (int fd, const char* name, const void* value, size_t bytes, int flags),
         SYS_fsetxattr, fd, name, value, bytes, flags);
