//! Requests that a client may repeat: what a store keeps of a request with an idempotency key, and how a repetition goes on from
//! there.
//!
//! A request is reserved before it has any effect. Before it writes a session, the session is kept as its plan; at the end its
//! answer is kept. So a repetition gets the same answer, and the plan tells the next server whether
//! a request that was left unfinished had its effect.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Created, Lookup, ReadySession, Revision, ServiceError, Session, SessionService, SessionStore, StoreError,
    Timestamp, WriteId,
};

/// How long a store keeps a request.
pub const REQUEST_KEPT_FOR: Duration = Duration::from_hours(24);

/// How long a request without an answer counts as in progress. After that, a repetition finishes it. No request takes as long.
const IN_PROGRESS_FOR: Duration = Duration::from_secs(10);

/// Names a request: a hash of its idempotency key and of what the key is valid for. The key itself is never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 32]);

impl RequestId {
    /// Takes a hash.
    #[must_use]
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// Returns the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A hash of everything that a request asks for. A repetition asks for the same.
pub type Fingerprint = [u8; 32];

/// What a store keeps of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Reservation {
    /// A random number that every write replaces. A compare-and-set goes by it.
    pub version: u64,
    /// What the request asks for.
    pub fingerprint: Fingerprint,
    /// Random bytes from which a secret of the answer can be made again, so that nobody has to store the secret.
    pub salt: [u8; 16],
    /// When the request began, or when a repetition took it over.
    pub reserved_at: Timestamp,
    /// How far the request has got.
    pub progress: Progress,
}

/// How far a request has got.
#[derive(Clone, PartialEq)]
pub enum Progress {
    /// It has written nothing.
    Begun,
    /// It is about to write this session, or has written it.
    Planned(Box<Session>),
    /// It has this answer.
    Answered(Answer),
}

impl Eq for Progress {}

/// The answer to a request, without secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Whether a token belongs to it, which is not kept.
    pub has_token: bool,
}

/// Keeps requests, for [`REQUEST_KEPT_FOR`] after they were reserved. An optional part of a store.
///
/// # Contract
///
/// Every call is atomic, and durable as far as the sessions of the store are. A call that fails has taken effect completely or not at
/// all.
#[async_trait]
pub trait RequestStore: Send + Sync {
    /// Stores a new request, unless there is one. Returns that one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written. The request may have been stored all the same.
    async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Option<Reservation>, StoreError>;

    /// Replaces the request with this version. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve).
    async fn update(&self, id: RequestId, version: u64, reservation: Reservation)
    -> Result<bool, StoreError>;

    /// Removes the request with this version. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve).
    async fn release(&self, id: RequestId, version: u64) -> Result<bool, StoreError>;
}

/// A request as its server finds it.
pub enum Found {
    /// Nobody has begun it, or a repetition may begin it anew.
    Ours(Arc<Attempt>),
    /// Somebody has left it unfinished, and it is about to write this session, or has written it.
    Unfinished(Arc<Attempt>, Box<Session>),
    /// It has been answered. The salt is that of the reservation.
    Answered {
        /// The answer.
        answer: Answer,
        /// The salt.
        salt: [u8; 16],
    },
}

/// The right to carry out a request. Nobody else has it for ten seconds.
pub struct Attempt {
    store: Arc<dyn SessionStore>,
    id: RequestId,
    reservation: Mutex<Reservation>,
}

impl Attempt {
    /// Returns the salt of the request.
    #[must_use]
    pub fn salt(&self) -> [u8; 16] {
        self.lock().salt
    }

    /// Keeps the session that is about to be written.
    pub(crate) async fn plan(&self, session: &Session) -> Result<(), ServiceError> {
        let plan = Progress::Planned(Box::new(session.clone()));
        let is_ours = self.advance(|next| next.progress = plan).await?;
        if is_ours { Ok(()) } else { Err(ServiceError::InProgress) }
    }

    /// Keeps the answer. Nothing happens if somebody else has taken the request over.
    ///
    /// # Errors
    ///
    /// As [`RequestStore::update`]. Then a repetition gets the answer from the plan.
    pub async fn answer(&self, answer: Answer) -> Result<(), StoreError> {
        self.advance(|next| next.progress = Progress::Answered(answer)).await.map(drop)
    }

    /// Forgets the request, which has had no effect, so that a repetition begins anew.
    ///
    /// # Errors
    ///
    /// As [`RequestStore::release`].
    pub async fn release(&self) -> Result<(), StoreError> {
        let version = self.lock().version;
        requests(&self.store)?.release(self.id, version).await.map(drop)
    }

    /// Lets the next repetition finish the request at once, because this server does not know whether it had its effect.
    ///
    /// # Errors
    ///
    /// As [`RequestStore::update`]. Then a repetition has to wait ten seconds.
    pub async fn leave(&self) -> Result<(), StoreError> {
        self.advance(|next| next.reserved_at = next.reserved_at.before(IN_PROGRESS_FOR)).await.map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, Reservation> {
        self.reservation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the request with a change. Returns false if somebody else has taken it over.
    async fn advance(&self, change: impl FnOnce(&mut Reservation)) -> Result<bool, StoreError> {
        let mut next = self.lock().clone();
        let version = std::mem::replace(&mut next.version, WriteId::random().get());
        change(&mut next);
        let is_ours = requests(&self.store)?.update(self.id, version, next.clone()).await?;
        if is_ours {
            *self.lock() = next;
        }
        Ok(is_ours)
    }
}

impl SessionService {
    /// Reserves a request, or finds what has become of it.
    ///
    /// # Errors
    ///
    /// [`ServiceError::OtherRequest`] if the key belongs to a request that asks for something else, [`ServiceError::InProgress`] if
    /// it has no answer yet and began less than ten seconds ago, [`ServiceError::Store`] if the store fails.
    pub async fn reserve(&self, id: RequestId, fingerprint: Fingerprint) -> Result<Found, ServiceError> {
        let store = requests(self.store())?;
        let now = self.clock().now();
        let new = Reservation {
            version: WriteId::random().get(),
            fingerprint,
            salt: *Uuid::new_v4().as_bytes(),
            reserved_at: now,
            progress: Progress::Begun,
        };
        let Some(found) = store.reserve(id, new.clone()).await? else { return Ok(self.ours(id, new)) };
        if found.fingerprint != fingerprint {
            return Err(ServiceError::OtherRequest);
        }
        if let Progress::Answered(answer) = found.progress {
            return Ok(Found::Answered { answer, salt: found.salt });
        }
        if found.reserved_at.after(IN_PROGRESS_FOR).is_none_or(|until| until > now) {
            return Err(ServiceError::InProgress);
        }
        let taken = Reservation { version: WriteId::random().get(), reserved_at: now, ..found.clone() };
        if store.update(id, found.version, taken.clone()).await? {
            Ok(self.ours(id, taken))
        } else {
            Err(ServiceError::InProgress)
        }
    }

    fn ours(&self, id: RequestId, reservation: Reservation) -> Found {
        let plan = match &reservation.progress {
            Progress::Planned(session) => Some(session.clone()),
            Progress::Begun | Progress::Answered(_) => None,
        };
        let reservation = Mutex::new(reservation);
        let attempt = Arc::new(Attempt { store: Arc::clone(self.store()), id, reservation });
        match plan {
            Some(plan) => Found::Unfinished(attempt, plan),
            None => Found::Ours(attempt),
        }
    }

    /// Returns the session as the request wrote it that had this plan, or `None` if it wrote nothing. A new session is created as
    /// planned: the server that planned it may still be about to create it, and there must not be two.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and [`ServiceError::OutcomeUnknown`] if others have changed the session since, so that nobody can
    /// tell.
    pub async fn outcome_of(&self, plan: Session) -> Result<Option<Lookup>, ServiceError> {
        let is_new = plan.revision == Revision::FIRST;
        let Some(lookup) = self.cache().read_anew(plan.id).await? else {
            return if is_new {
                self.create_planned(plan).await
            } else {
                Err(ServiceError::NotFound(plan.id))
            };
        };
        if lookup.age.is_some() {
            return Err(StoreError::unavailable("only the store knows what became of the request").into());
        }
        let stored = lookup.session.session();
        let is_next = stored.replaces == plan.write && !plan.notice.is_none();
        if is_new || *stored == plan || (is_next && stored.revision > plan.revision) {
            let session = Arc::new(ReadySession::new(plan));
            return Ok(Some(Lookup { session, ..lookup }));
        }
        if stored.revision > plan.revision { Err(ServiceError::OutcomeUnknown(plan.id)) } else { Ok(None) }
    }

    /// Creates a session that another server has planned. Returns `None` if its default start is over: the server that planned it
    /// does not hand it out either.
    async fn create_planned(&self, plan: Session) -> Result<Option<Lookup>, ServiceError> {
        if plan.has_missed_its_default_start(self.clock().now()) {
            return Ok(None);
        }
        let creation = self.cache().creating(plan.id);
        // If the id is taken, the other server has created it meanwhile.
        let (Created::Yes | Created::IdTaken) = self.store().create(plan.clone()).await?;
        Ok(Some(self.cache().created(plan, creation)))
    }
}

fn requests(store: &Arc<dyn SessionStore>) -> Result<&dyn RequestStore, StoreError> {
    store.requests().ok_or_else(|| StoreError::unavailable("the store keeps no requests"))
}
