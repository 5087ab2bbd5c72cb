//! What a port speaks, found out on a connection of its own. Nothing secret goes over it, and no command.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::mail::form::Security;

/// What a port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// TLS from the first byte.
    Tls,
    /// SMTP in plain text.
    Smtp,
    /// HTTP.
    Http,
    /// Something else, or nothing.
    Other,
}

/// Says a TLS hello and looks at what comes back.
pub(super) async fn to_hello(address: SocketAddr, hello: &[u8], limit: Duration) -> Speaks {
    let asking = async {
        let mut tcp = TcpStream::connect(address).await.ok()?;
        tcp.write_all(hello).await.ok()?;
        first_bytes(&mut tcp).await
    };
    kind(&timeout(limit, asking).await.ok().flatten().unwrap_or_default())
}

/// Waits for a greeting.
pub(super) async fn to_silence(address: SocketAddr, limit: Duration) -> Speaks {
    let asking = async {
        let mut tcp = TcpStream::connect(address).await.ok()?;
        first_bytes(&mut tcp).await
    };
    kind(&timeout(limit, asking).await.ok().flatten().unwrap_or_default())
}

/// The first bytes that come, four at least unless the other side ends.
async fn first_bytes(tcp: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 64];
    while bytes.len() < 4 {
        let read = tcp.read(&mut chunk).await.ok()?;
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
    Some(bytes)
}

fn kind(first: &[u8]) -> Speaks {
    match first {
        // A handshake or an alert, both with the version's first byte.
        [0x15 | 0x16, 3, ..] => Speaks::Tls,
        [b'H', b'T', b'T', b'P', ..] => Speaks::Http,
        [b'2' | b'4' | b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..] => Speaks::Smtp,
        _ => Speaks::Other,
    }
}

/// The ports of `list` that speak as their number promises, in its order.
pub(super) async fn ports(
    server: &[std::net::IpAddr],
    list: &[(u16, Security)],
    hello: &[u8],
    limit: Duration,
) -> Vec<(u16, Security)> {
    let mut asking = tokio::task::JoinSet::new();
    for (port, security) in list.iter().copied() {
        // One address of a provider is as good as the other; with two families the second may be the one that works.
        for ip in server.iter().copied().take(2) {
            let hello = hello.to_vec();
            asking.spawn(async move {
                let address = SocketAddr::new(ip, port);
                let right = match security {
                    Security::Tls => to_hello(address, &hello, limit).await == Speaks::Tls,
                    _ => to_silence(address, limit).await == Speaks::Smtp,
                };
                (port, right)
            });
        }
    }
    let mut open = Vec::new();
    while let Some(done) = asking.join_next().await {
        if let Ok((port, true)) = done {
            open.push(port);
        }
    }
    list.iter().copied().filter(|(port, _)| open.contains(port)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_port_speaks_is_told_by_its_first_bytes() {
        for (bytes, wanted) in [
            (b"\x16\x03\x03\x00\x7a" as &[u8], Speaks::Tls),
            (b"\x15\x03\x01\x00\x02", Speaks::Tls),
            (b"HTTP/1.1 400 Bad Request", Speaks::Http),
            (b"220 mail ESMTP", Speaks::Smtp),
            (b"554-no", Speaks::Smtp),
            (b"2200", Speaks::Other),
            (b"SSH-2.0", Speaks::Other),
            (b"", Speaks::Other),
        ] {
            assert_eq!(kind(bytes), wanted, "{bytes:?}");
        }
    }
}
