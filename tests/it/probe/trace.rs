//! Path traces against servers of this machine: no hop lies between.

use clearway::observation::StepOutcome;
use clearway::plan::trace::{AT_A_TIME, TraceJob, Untraced};

use super::*;

fn job(to: Result<SocketAddr, Untraced>, name: Option<&str>) -> TraceJob {
    TraceJob {
        target: 1,
        path: 0,
        named: true,
        name: name.map(str::to_owned),
        small: true,
        grpc: false,
        connects: true,
        to,
    }
}

async fn traced(jobs: &[TraceJob]) -> Observations {
    let prober = Prober::new(settings(PATIENT)).unwrap();
    let mut seen = Observations::default();
    prober.trace(jobs, &mut seen).await;
    let json = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Observations>(&json).unwrap(), seen);
    seen
}

#[tokio::test]
async fn connections_and_hellos_carry_their_limits() {
    let resets = crate::servers::serve(|mut s| async move {
        crate::servers::swallow(&mut s).await;
        s.set_zero_linger().ok();
    })
    .await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let link_local: SocketAddr = "169.254.169.254:443".parse().unwrap();
    let seen = traced(&[
        job(Ok(resets), Some("a.example")),
        job(Ok(closed), Some("a.example")),
        job(Ok(resets), None),
        job(Ok(link_local), Some("a.example")),
        job(Err(Untraced::Proxy), Some("a.example")),
    ])
    .await;
    let outcomes = |steps: &[clearway::observation::Step]| -> Vec<(u8, StepOutcome)> {
        steps.iter().map(|s| (s.ttl, s.outcome.clone())).collect()
    };
    let all = |outcome: StepOutcome| (1..=AT_A_TIME).map(|ttl| (ttl, outcome.clone())).collect::<Vec<_>>();
    let [reset, refused, plain, never, untraced] = &seen.traces[..] else { panic!("{:?}", seen.traces) };
    assert_eq!(outcomes(&reset.connections), all(StepOutcome::Answered));
    assert_eq!(outcomes(&reset.hellos), [(1, StepOutcome::Reset)], "the first hop answers connections");
    assert_eq!(outcomes(&refused.connections), all(StepOutcome::Refused));
    assert!(refused.hellos.is_empty(), "no connection, no ClientHello");
    assert!(plain.hellos.is_empty(), "no TLS is spoken there");
    assert_eq!((never.remote, never.untraced), (None, Some(Untraced::NotProbed)));
    assert!(never.connections.is_empty() && untraced.connections.is_empty());
    assert_eq!((untraced.remote, untraced.untraced), (None, Some(Untraced::Proxy)));
    assert!(seen.traces.iter().all(|t| t.cut.is_none()));
}
