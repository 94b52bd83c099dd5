//! The hub's one error: a kind, a sentence that anybody may read, and a context that only our own
//! logs see. How an error becomes an HTTP answer stands in `http/problem.rs`; slices never build
//! status codes themselves.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in as few kinds as callers can act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller's input cannot be understood or is not allowed; repeating it will not help.
    Invalid,
    /// Nobody is signed in.
    SignedOut,
    /// Somebody is signed in and may not do this.
    Forbidden,
    /// It does not exist, or its existence is none of the caller's business.
    NotFound,
    /// It was so once and is over: an expired link, a used ticket.
    Gone,
    /// It contradicts what is already there.
    Conflict,
    /// It can be read and cannot stand: its parts contradict each other, or a signature is missing.
    Unprocessable,
    /// The body is larger than this call takes.
    TooLarge,
    /// Too often; come back later.
    TooMany,
    /// Something the hub needs (store, device, media) is away; the same call may work later.
    Unavailable,
    /// Our own fault.
    Internal,
}

impl Kind {
    /// The stable tail of the problem's `type`, unless the error names a more exact one.
    pub fn slug(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::SignedOut => "signed-out",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not-found",
            Kind::Gone => "gone",
            Kind::Conflict => "conflict",
            Kind::Unprocessable => "unprocessable",
            Kind::TooLarge => "too-large",
            Kind::TooMany => "too-many",
            Kind::Unavailable => "unavailable",
            Kind::Internal => "internal",
        }
    }

    pub fn status(self) -> http::StatusCode {
        use http::StatusCode as S;
        match self {
            Kind::Invalid => S::BAD_REQUEST,
            Kind::SignedOut => S::UNAUTHORIZED,
            Kind::Forbidden => S::FORBIDDEN,
            Kind::NotFound => S::NOT_FOUND,
            Kind::Gone => S::GONE,
            Kind::Conflict => S::CONFLICT,
            Kind::Unprocessable => S::UNPROCESSABLE_ENTITY,
            Kind::TooLarge => S::PAYLOAD_TOO_LARGE,
            Kind::TooMany => S::TOO_MANY_REQUESTS,
            Kind::Unavailable => S::SERVICE_UNAVAILABLE,
            Kind::Internal => S::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(self) -> tonic::Code {
        match self {
            Kind::Invalid | Kind::Unprocessable | Kind::TooLarge => tonic::Code::InvalidArgument,
            Kind::SignedOut => tonic::Code::Unauthenticated,
            Kind::Forbidden => tonic::Code::PermissionDenied,
            Kind::NotFound => tonic::Code::NotFound,
            Kind::Gone | Kind::Conflict => tonic::Code::FailedPrecondition,
            Kind::TooMany => tonic::Code::ResourceExhausted,
            Kind::Unavailable => tonic::Code::Unavailable,
            Kind::Internal => tonic::Code::Internal,
        }
    }
}

/// `public` goes to the caller, `context` to the log and nowhere else.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    pub slug: &'static str,
    pub public: Cow<'static, str>,
    context: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub fn new(kind: Kind, public: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            slug: kind.slug(),
            public: public.into(),
            context: None,
        }
    }

    pub fn invalid(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, public)
    }

    pub fn signed_out() -> Self {
        Self::new(
            Kind::SignedOut,
            "You are not signed in. Open a sign-in link or use your passkey.",
        )
    }

    pub fn forbidden(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Forbidden, public)
    }

    pub fn not_found(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotFound, public)
    }

    pub fn gone(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Gone, public)
    }

    pub fn conflict(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, public)
    }

    pub fn unprocessable(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unprocessable, public)
    }

    pub fn too_many(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::TooMany, public)
    }

    pub fn unavailable(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unavailable, public)
    }

    /// Our own fault: the caller learns nothing but that.
    pub fn internal(context: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(
            Kind::Internal,
            "The hub made a mistake. Its log says more under this request id.",
        )
        .because(context)
    }

    /// Names the problem more exactly than its kind does.
    #[must_use]
    pub fn slug(mut self, slug: &'static str) -> Self {
        self.slug = slug;
        self
    }

    /// Adds what only the log may know.
    #[must_use]
    pub fn because(mut self, context: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// The same error for somebody else who waited for the same thing.
    pub fn again(&self) -> Self {
        let context = self
            .context
            .as_ref()
            .map(|context| context.to_string().into());
        Self {
            kind: self.kind,
            slug: self.slug,
            public: self.public.clone(),
            context,
        }
    }

    /// The store will never take what was to be written: it is not about being away, full or busy.
    pub fn refuses_row(&self) -> bool {
        let sqlx = self.context.as_ref();
        match sqlx.and_then(|context| context.downcast_ref::<sqlx::Error>()) {
            Some(sqlx::Error::Database(d)) => means_refused(d.code().as_deref()),
            Some(sqlx::Error::Encode(_)) => true,
            Some(_) | None => false,
        }
    }

    /// The private part, for the one place that logs.
    pub fn context(&self) -> Option<&(dyn StdError + Send + Sync)> {
        self.context.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)?;
        match &self.context {
            Some(context) => write!(f, " ({context})"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {}

impl From<sqlx::Error> for Error {
    fn from(e: sqlx::Error) -> Self {
        use sqlx::Error as S;
        match &e {
            _ if means_full(&e) => store_full(e),
            S::PoolTimedOut | S::PoolClosed | S::Io(_) | S::Tls(_) | S::WorkerCrashed => {
                store_down(e)
            }
            S::Database(d) if means_away(d.code().as_deref()) => store_down(e),
            _ => Error::internal(e),
        }
    }
}

fn store_full(e: sqlx::Error) -> Error {
    Error::unavailable("The hub's disk is full. Nothing was changed. Free space on it and try again; presses and stops work meanwhile.")
        .slug("store-full")
        .because(e)
}

fn store_down(e: sqlx::Error) -> Error {
    Error::unavailable("The hub cannot reach its store at the moment. Nothing was changed.")
        .slug("store-down")
        .because(e)
}

/// SQLite: full (13). PostgreSQL: disk full.
pub(crate) fn means_full(e: &sqlx::Error) -> bool {
    let sqlx::Error::Database(d) = e else {
        return false;
    };
    matches!(d.code().as_deref(), Some("13" | "53100"))
}

/// SQLite: busy (5), locked (6), read-only (8), I/O error (10), cannot open (14), with their extended codes.
/// PostgreSQL: connection (08…), resources (53…), shutting down (57…).
fn means_away(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    match code.parse::<u32>() {
        Ok(n) if code.len() < 5 => matches!(n & 0xff, 5 | 6 | 8 | 10 | 14),
        _ => code.starts_with("08") || code.starts_with("53") || code.starts_with("57"),
    }
}

/// SQLite: too big (18), constraint (19), mismatch (20), with their extended codes.
/// PostgreSQL: data (22…, which has the NUL byte), constraint (23…), beyond a limit (54…).
fn means_refused(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    match code.parse::<u32>() {
        Ok(n) if code.len() < 5 => matches!(n & 0xff, 18..=20),
        _ => ["22", "23", "54"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}

impl From<Error> for tonic::Status {
    /// A device's log shows the public sentence; ours keeps the context.
    fn from(e: Error) -> Self {
        tonic::Status::new(e.kind.code(), e.public.into_owned())
    }
}
