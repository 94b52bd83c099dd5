//! The frames that go out to one device. The stream ends when the device's line is cut, when the inbound
//! side is over, or when the device goes away, and then tells the inbound side.

use assent_wire::link::HubFrame;
use futures::{Stream, stream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;

use crate::devices::{LineEnd, Outgoing};

struct Going {
    outgoing: Outgoing,
    gone: CancellationToken,
    /// Tonic drops the stream when the device is gone.
    _tell: DropGuard,
    over: bool,
}

pub(super) fn stream(
    outgoing: Outgoing,
    gone: CancellationToken,
) -> impl Stream<Item = Result<HubFrame, Status>> {
    let going = Going {
        outgoing,
        _tell: gone.clone().drop_guard(),
        gone,
        over: false,
    };
    stream::unfold(going, |mut going| async move {
        if going.over {
            return None;
        }
        let next = going.next().await;
        going.over = !matches!(next, Some(Ok(_)));
        next.map(|frame| (frame, going))
    })
}

impl Going {
    /// What is queued goes out before an end is told: a `Drain` or a last `End` must not be lost.
    async fn next(&mut self) -> Option<Result<HubFrame, Status>> {
        tokio::select! {
            biased;
            why = &mut self.outgoing.cut => why.ok().map(|why| Err(status(why))),
            frame = self.outgoing.frames.recv() => frame.map(Ok),
            () = self.gone.cancelled() => None,
        }
    }
}

fn status(why: LineEnd) -> Status {
    match why {
        LineEnd::Replaced => Status::aborted("This device attached again; the newer line counts."),
        LineEnd::TooSlow => {
            Status::resource_exhausted("This device did not take its frames. Attach again.")
        }
        LineEnd::Revoked => {
            Status::permission_denied("This device was revoked and may not attach again.")
        }
    }
}
