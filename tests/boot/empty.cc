// The least program: what its run costs is what a start costs. Measured, single-stepped, and starved of
// resources.
int main() {}
