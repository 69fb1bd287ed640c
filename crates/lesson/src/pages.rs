//! Pages to fetch, and a server that has them: so that an example that fetches
//! needs no network, and takes the time that it is to take.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::sleep;

/// A page: its path, how many bytes it has, and after how many seconds of the
/// lesson the server sends it.
pub type Page = (&'static str, usize, f64);

/// Serves `pages` on the loopback until the program ends, each request in a
/// thread of its own, so that delays do not add up; their URLs.
///
/// # Errors
/// If the system has no port or no thread left.
pub fn serve(pages: &'static [Page]) -> io::Result<Vec<String>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = thread::Builder::new().name("server".into());
    server.spawn(move || {
        for client in listener.incoming().flatten() {
            // Who gets no answer is told so by the end of the connection.
            let answer = move || answer(&client, pages);
            let _ = thread::Builder::new().spawn(answer);
        }
    })?;
    Ok(pages.iter().map(|page| url(address, page)).collect())
}

/// What stands behind a URL of the form `http://host[:port][/path]`, without
/// encryption. Python: `urllib.request.urlopen(url).read()`.
///
/// # Errors
/// If there is no such URL, or its server says so.
pub fn urlopen(url: &str) -> io::Result<Vec<u8>> {
    let (host, request) = request(url)?;
    let mut server = TcpStream::connect(host)?;
    server.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    server.read_to_end(&mut response)?;
    body(url, &response)
}

/// A URL that [`urlopen`] can fetch: the `value_parser` of a flag.
///
/// # Errors
/// If it is of another form.
pub fn url_argument(url: &str) -> io::Result<String> {
    request(url).map(|_| url.into())
}

/// The `host:port` of a URL, and what to send there.
///
/// # Errors
/// As [`urlopen`].
pub fn request(url: &str) -> io::Result<(String, String)> {
    let wrong = || {
        let why = format!("{url} is not of the form http://host[:port][/path]");
        io::Error::new(io::ErrorKind::InvalidInput, why)
    };
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    let port = if host.contains(':') { "" } else { ":80" };
    Ok((format!("{host}{port}"), request))
}

/// The page in a server's response to the request for `url`.
///
/// # Errors
/// As [`urlopen`].
pub fn body(url: &str, response: &[u8]) -> io::Result<Vec<u8>> {
    const GAP: &[u8] = b"\r\n\r\n";
    let status = response.split(|byte| *byte == b'\r').next();
    let status = String::from_utf8_lossy(status.unwrap_or_default());
    let gap = response.windows(GAP.len()).position(|part| part == GAP);
    match gap {
        Some(gap) if status.contains(" 200") => {
            Ok(response[gap + GAP.len()..].to_vec())
        }
        _ => Err(io::Error::other(format!("{url}: the server says {status}"))),
    }
}

fn url(address: SocketAddr, (path, ..): &Page) -> String {
    format!("http://{address}/{path}")
}

fn answer(client: &TcpStream, pages: &[Page]) -> io::Result<()> {
    let mut lines = BufReader::new(client).lines();
    let asked = lines.next().transpose()?.unwrap_or_default();
    // The rest of the request: who closes with something unread, resets.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = asked.split_whitespace().nth(1).unwrap_or_default();
    let mut client = client;
    let page = pages
        .iter()
        .find(|page| path.strip_prefix('/') == Some(page.0));
    let Some((_, size, delay)) = page else {
        return client.write_all(b"HTTP/1.0 404 Not Found\r\n\r\n");
    };
    sleep(*delay);
    let mut response = b"HTTP/1.0 200 OK\r\n\r\n".to_vec();
    response.resize(response.len() + size, b'.');
    client.write_all(&response)
}

#[cfg(test)]
mod tests {
    use super::{serve, urlopen};

    #[test]
    fn a_page_has_its_size_and_others_are_not_found() {
        let urls = serve(&[("a", 7, 0.0), ("b", 100_000, 0.0)]);
        let urls = urls.expect("there is a port");
        let sizes = urls.iter().map(|url| urlopen(url).expect("it is").len());
        assert_eq!(sizes.collect::<Vec<_>>(), [7, 100_000]);
        let error = urlopen(&format!("{}x", urls[0])).expect_err("no page");
        assert!(error.to_string().ends_with("HTTP/1.0 404 Not Found"));
    }

    #[test]
    fn only_http_is_spoken() {
        let error = urlopen("https://127.0.0.1/").expect_err("not http");
        assert!(error.to_string().contains("http://host"));
    }
}
