//! What the hub asks of the driver. Every command is answered, after it took effect.

use crate::{
    error::MediaError,
    fact::{PublisherId, SlotId, WallId},
    offer::{Line, Prepared},
};
use assent_sfu::StreamId;
use tokio::sync::oneshot;

pub(crate) type Reply = Result<(), MediaError>;

/// A command and where its answer goes.
pub(crate) struct Ordered {
    pub(crate) command: Command,
    pub(crate) done: oneshot::Sender<Reply>,
}

pub(crate) enum Command {
    Publish {
        publisher: PublisherId,
        session: Prepared,
        tracks: Vec<(Line, StreamId)>,
    },
    OpenWall {
        wall: WallId,
        session: Prepared,
    },
    Show {
        wall: WallId,
        slot: SlotId,
        stream: Option<StreamId>,
        token: u64,
    },
    Pause {
        wall: WallId,
        slot: SlotId,
        paused: bool,
    },
    ClosePublisher {
        publisher: PublisherId,
    },
    CloseWall {
        wall: WallId,
    },
    DropStream {
        stream: StreamId,
    },
    Stop,
}
