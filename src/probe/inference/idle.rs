//! A connection that is left quiet and then used: whether something on the way forgets it. It
//! carries no credential.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::config::Secret;
use crate::observation::{Call, CallKind, CallOutcome, Permission, Quiet};

use super::super::metered::{End, Prefixed};
use super::super::tls::Offer;
use super::exchange::{Answer, Log, Outgoing, send};
use super::{Caller, Line};

impl Caller {
    /// Connects, says nothing for `wanted`, then sends the probe's own request.
    pub(super) async fn quiet(&self, target: u32, wanted: Duration) {
        let Some(to) = self.plan.target(target) else { return };
        let Some(request) = to.request.clone() else { return };
        let path = crate::plan::inference::engine_path(to);
        let log = Log::new(
            Call {
                permission: Some(Permission::NoCredential),
                ..Call::begun(target, path, CallKind::Idle, format!("{} {}", request.method, request.path))
            },
            Arc::clone(&self.shared.settings.headers),
            Arc::clone(&self.phrases),
        );
        log.update(|call, _| {
            call.at_ms = u64::try_from(self.shared.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        });
        self.book.lock().unwrap_or_else(std::sync::PoisonError::into_inner).logs.push(log.clone());
        if let Some(reason) = self.settings.unreached.get(&target) {
            return log.end(CallOutcome::NotSent { reason: reason.clone() });
        }
        let mut background = JoinSet::new();
        // HTTP/1.1: an HTTP/2 server talks by itself.
        let Line { mut io, ladder, .. } = match self.open(target, path, Offer::Http1, &mut background).await {
            Ok(line) => line,
            Err(stage) => return log.end(CallOutcome::NotConnected { stage: stage.to_owned() }),
        };
        let began = Instant::now();
        let mut first = [0_u8; 256];
        let heard = timeout(wanted, io.read(&mut first)).await;
        let quiet_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let wanted_ms = u64::try_from(wanted.as_millis()).unwrap_or(u64::MAX);
        let note = |closed| {
            log.update(|call, _| call.quiet = Some(Quiet { wanted_ms, quiet_ms, closed }));
        };
        match heard {
            Err(_) => note(false),
            // Told before it was cut: a server's own limit for connections without a request.
            Ok(Ok(_)) => {
                note(true);
                return log.end(CallOutcome::Closed);
            }
            Ok(Err(error)) => {
                let orderly = matches!(End::of(&error), End::Closed | End::Alert(_));
                note(orderly);
                return log.end(if orderly { CallOutcome::Closed } else { CallOutcome::Reset });
            }
        }
        let outgoing = Outgoing {
            method: request.method,
            path: request.path,
            headers: request.headers,
            secrets: Vec::new(),
            body: Secret::new(request.body),
        };
        let to = ladder.endpoint();
        let io = Box::new(Prefixed::new(Vec::new(), io));
        let patience = self.stage() * 2;
        if timeout(patience, send(&log, io, false, &to, outgoing, Answer::Any)).await.is_err() {
            log.end(CallOutcome::Timeout);
        }
    }
}
