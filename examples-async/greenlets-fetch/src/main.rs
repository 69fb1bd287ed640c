//! urlopen 并发的网络操作 · Three fetches in one thread
//!
//! Look at: all three have begun before the first has its page, and they end in
//! another order; together they take as long as the slowest. One thread runs
//! all three: at each `await` whoever waits for the network gives way.
//!
//!     cargo run -p greenlets-fetch
//!
//! gevent patches Python's sockets so that they switch; tokio's say so, by
//! `await`. `spawn` is `spawn_local` here, and `joinall` is `join_next` until
//! there is none. The pages are on a server of the example's own, which has its
//! own threads and takes 0.4, 0.8 and 0.6 seconds; `http://…` URLs are fetched
//! instead if given.

use std::io;

use lesson::pages::{Page, body, request, serve, url_argument};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

const PAGES: &[Page] = &[
    ("python", 45661, 0.4),
    ("yahoo", 304034, 0.8),
    ("github", 14823, 0.6),
];

async fn urlopen(url: &str) -> io::Result<Vec<u8>> {
    let (host, request) = request(url)?;
    let mut server = TcpStream::connect(host).await?;
    server.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    server.read_to_end(&mut response).await?;
    body(url, &response)
}

async fn f(url: String) -> io::Result<()> {
    println!("GET: {url}");
    let data = urlopen(&url).await?;
    println!("{} bytes received from {url}.", data.len());
    Ok(())
}

async fn joinall(urls: Vec<String>) -> lesson::Result {
    let mut greenlets = JoinSet::new();
    for url in urls {
        greenlets.spawn_local(f(url));
    }
    while let Some(ended) = greenlets.join_next().await {
        ended??;
    }
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// What to fetch instead of the example's own pages
    #[arg(value_parser = url_argument)]
    urls: Vec<String>,
}

fn main() -> lesson::Result {
    let mut urls = lesson::begin!(Flags).urls;
    if urls.is_empty() {
        urls = serve(PAGES)?;
    }
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_io().build()?;
    LocalSet::new().block_on(&runtime, joinall(urls))
}
