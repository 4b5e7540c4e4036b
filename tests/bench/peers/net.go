// Go's servers: net http|nethttp|echo PORT. http is package net by itself, nethttp is net/http.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

const hello = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"

func fail(err error) {
	fmt.Fprintln(os.Stderr, "net:", err)
	os.Exit(1)
}

func serve(address string, one func(net.Conn)) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go func() {
			one(conn)
			conn.Close()
		}()
	}
}

// A request ends at an empty line; the client sends no bodies.
func answer(conn net.Conn) {
	lines := bufio.NewReaderSize(conn, 1024)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			continue
		}
		if _, err := conn.Write([]byte(hello)); err != nil {
			return
		}
	}
}

func echo(conn net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func nethttp(address string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header()["Date"] = nil
		io.WriteString(w, "Hello, World!")
	})
	fail(http.ListenAndServe(address, nil))
}

func main() {
	if len(os.Args) == 3 {
		address := "127.0.0.1:" + os.Args[2]
		switch os.Args[1] {
		case "http":
			serve(address, answer)
		case "nethttp":
			nethttp(address)
		case "echo":
			serve(address, echo)
		}
	}
	fmt.Fprintln(os.Stderr, "usage: net http|nethttp|echo PORT")
	os.Exit(2)
}
