//! tokio's servers: net http|echo PORT, GOMAXPROCS threads. The same answers as ../net.go.
use std::{env, io};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
const END: &[u8] = b"\r\n\r\n";

/// A request ends at an empty line; the client sends no bodies.
async fn http(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 4096];
    let mut matched = 0;
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        for &c in &buffer[..n] {
            matched = if c == END[matched] { matched + 1 } else { (c == b'\r') as usize };
            if matched == END.len() {
                matched = 0;
                stream.write_all(HELLO).await?;
            }
        }
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 4096];
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..n]).await?;
    }
}

async fn serve(kind: String, port: String) -> io::Result<()> {
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        if kind == "http" {
            tokio::spawn(http(stream));
        } else {
            tokio::spawn(echo(stream));
        }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() != 3 {
        eprintln!("usage: net http|echo PORT");
        std::process::exit(2);
    }
    let done = serve(arguments[1].clone(), arguments[2].clone());
    peer_tokio::runtime().block_on(done).expect("serving failed");
}
