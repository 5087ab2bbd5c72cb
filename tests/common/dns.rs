//! A DNS server on loopback that answers as a test says, over UDP and TCP on the same port.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, MessageType, Metadata, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{CNAME, MX, NS, SOA, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

/// What one question gets.
#[derive(Debug, Clone)]
pub enum Reply {
    /// These records, whatever their names.
    Records(Vec<Record>),
    /// The name has nothing of that kind, and "there is none" may be kept for so many seconds.
    None(u32),
    /// An error code.
    Code(ResponseCode),
    /// Over UDP only: too long, ask by TCP. Over TCP the records come.
    Truncated(Vec<Record>),
    /// NS records of somebody else, as a server answers that does not keep the zone.
    Elsewhere,
    /// Nothing, ever.
    Silence,
}

/// The server; it ends with the test.
#[derive(Debug)]
pub struct Dns {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    /// Serves on a free port of 127.0.0.1 what `zone` says of a name (lower case, no last dot) and a kind.
    pub async fn serve(zone: impl Fn(&str, RecordType) -> Reply + Send + Sync + 'static) -> Self {
        loop {
            let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = udp.local_addr().unwrap();
            // Another program may hold the TCP port of that number.
            if let Ok(tcp) = TcpListener::bind(address).await {
                return Self::over(udp, tcp, address, Arc::new(zone));
            }
        }
    }

    fn over(udp: UdpSocket, tcp: TcpListener, address: SocketAddr, zone: Arc<Zone>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (by_udp, by_tcp) = ((Arc::clone(&zone), Arc::clone(&asked)), (zone, Arc::clone(&asked)));
        tokio::spawn(async move {
            let mut buffer = vec![0; 4096];
            while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                if let Some(answer) = answer(&buffer[..length], "udp", &by_udp) {
                    udp.send_to(&answer, from).await.unwrap();
                }
            }
        });
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = tcp.accept().await {
                let by_tcp = by_tcp.clone();
                tokio::spawn(async move {
                    while let Ok(length) = socket.read_u16().await {
                        let mut question = vec![0; length.into()];
                        socket.read_exact(&mut question).await.unwrap();
                        if let Some(answer) = answer(&question, "tcp", &by_tcp) {
                            socket.write_u16(answer.len().try_into().unwrap()).await.unwrap();
                            socket.write_all(&answer).await.unwrap();
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// What it was asked, in order: `udp TXT example.test`, with `, itself` where no recursion was wanted.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

type Zone = dyn Fn(&str, RecordType) -> Reply + Send + Sync;

fn answer(question: &[u8], way: &str, (zone, asked): &(Arc<Zone>, Arc<Mutex<Vec<String>>>)) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).unwrap();
    let query = question.queries.first()?.clone();
    let name = query.name.to_lowercase().to_ascii().trim_end_matches('.').to_owned();
    let itself = if question.metadata.recursion_desired { "" } else { ", itself" };
    asked.lock().unwrap().push(format!("{way} {} {name}{itself}", query.query_type));
    let mut message = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata = Metadata::response_from_request(&question.metadata);
    message.add_query(query);
    message.metadata.recursion_available = true;
    match zone(&name, message.queries[0].query_type) {
        Reply::Records(records) => message.insert_answers(records),
        Reply::Truncated(records) if way == "tcp" => message.insert_answers(records),
        Reply::Truncated(_) => message.metadata.truncation = true,
        Reply::None(seconds) => message.insert_authorities(vec![soa(seconds)]),
        Reply::Code(code) => {
            message.metadata.response_code = code;
            if code == ResponseCode::NXDomain {
                message.insert_authorities(vec![soa(300)]);
            }
        }
        Reply::Elsewhere => message.insert_authorities(vec![record("test", RData::NS(NS(at("a.nic.test"))))]),
        Reply::Silence => return None,
    }
    Some(message.to_vec().unwrap())
}

fn soa(minimum: u32) -> Record {
    let soa = SOA::new(at("ns.test"), at("hostmaster.test"), 1, 7200, 3600, 86400, minimum);
    Record::from_rdata(at("test"), 3600, RData::SOA(soa))
}

fn at(name: &str) -> Name {
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    name
}

fn record(name: &str, data: RData) -> Record {
    Record::from_rdata(at(name), 60, data)
}

/// An A or AAAA record.
pub fn address(name: &str, ip: &str) -> Record {
    match ip.parse().unwrap() {
        IpAddr::V4(ip) => record(name, RData::A(ip.into())),
        IpAddr::V6(ip) => record(name, RData::AAAA(ip.into())),
    }
}

/// A CNAME record.
pub fn alias(name: &str, target: &str) -> Record {
    record(name, RData::CNAME(CNAME(at(target))))
}

/// An MX record.
pub fn exchange(name: &str, preference: u16, target: &str) -> Record {
    record(name, RData::MX(MX::new(preference, at(target))))
}

/// A TXT record of one or more strings.
pub fn text(name: &str, strings: &[&str]) -> Record {
    record(name, RData::TXT(TXT::new(strings.iter().map(|&string| string.to_owned()).collect())))
}
