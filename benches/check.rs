//! `check` of 40 hosts on loopback, each a TLS server of this process: what the program costs when
//! the network costs nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const HOSTS: usize = 40;

fn main() {
    divan::main();
}

/// The servers, and the file with the root that their certificate chains to.
struct World {
    addresses: Vec<SocketAddr>,
    roots: PathBuf,
    _folder: tempfile::TempDir,
}

impl World {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let roots = folder.path().join("root.pem");
        let mut ca = CertificateParams::new(Vec::<String>::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(DnType::CommonName, "Bench Root");
        let ca_key = KeyPair::generate().unwrap();
        std::fs::write(&roots, ca.self_signed(&ca_key).unwrap().pem()).unwrap();
        let issuer = Issuer::new(ca, ca_key);
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])
            .unwrap()
            .signed_by(&leaf_key, &issuer)
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der())),
            )
            .unwrap();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(tls));

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listeners: Vec<TcpListener> = runtime.block_on(async {
            let mut listeners = Vec::new();
            for _ in 0..HOSTS {
                listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
            }
            listeners
        });
        let addresses = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        // The thread ends with the process.
        thread::spawn(move || {
            runtime.block_on(async {
                for listener in listeners {
                    tokio::spawn(serve(listener, acceptor.clone()));
                }
                std::future::pending::<()>().await;
            });
        });
        Self { addresses, roots, _folder: folder }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(|_: Request<hyper::body::Incoming>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"healthy\n"))))
            });
            // The client closes when it has its answer; that is no error.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn forty_loopback_hosts(bencher: divan::Bencher) {
    let world = World::start();
    bencher.bench_local(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clearway"));
        command.args(["check", "--format", "json", "--public-roots"]).arg(&world.roots);
        command.env("SSL_CERT_FILE", &world.roots);
        for address in &world.addresses {
            command.arg("--host").arg(address.to_string());
        }
        let output = command.stderr(Stdio::inherit()).output().expect("the program starts");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert_eq!(report["verdict"], "ready", "{}", String::from_utf8_lossy(&output.stdout));
    });
}
