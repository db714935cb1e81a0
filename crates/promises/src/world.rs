//! Virtual time, and the tasks that wait in it. One thread runs everything, in an order that follows from the seed.

use std::cmp::Ordering as Order;
use std::collections::BinaryHeap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::{BoxFuture, Either, select};
use futures_util::stream::{FuturesUnordered, Stream};

use crate::random::Random;

/// Milliseconds since the Unix epoch at which every world begins.
pub(crate) const BEGINNING_MS: i64 = 1_800_000_000_000;

/// What tasks share: the time, the timers and the source of chance.
pub(crate) struct World {
    now_us: AtomicI64,
    random: Mutex<Random>,
    timers: Mutex<Timers>,
    spawned: Mutex<Vec<BoxFuture<'static, ()>>>,
}

#[derive(Default)]
struct Timers {
    heap: BinaryHeap<Timer>,
    count: u64,
}

struct Timer {
    at: i64,
    /// Timers of one instant ring in the order in which they were set.
    number: u64,
    waker: Waker,
}

impl World {
    /// Makes a world in which everything follows from the seed.
    #[must_use]
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            now_us: AtomicI64::new(0),
            random: Mutex::new(Random::new(seed)),
            timers: Mutex::default(),
            spawned: Mutex::default(),
        })
    }

    /// Returns microseconds since the world began.
    pub(crate) fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::Relaxed)
    }

    /// Returns the source of chance. Let go of it before anything else is called.
    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        lock(&self.random)
    }

    /// Starts a task.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.spawned).push(Box::pin(task));
    }

    /// Waits for some microseconds.
    pub(crate) fn sleep(self: &Arc<Self>, us: i64) -> Sleep {
        self.sleep_until(self.now_us() + us)
    }

    /// Waits until an instant, in microseconds since the world began.
    pub(crate) fn sleep_until(self: &Arc<Self>, at: i64) -> Sleep {
        Sleep { world: Arc::clone(self), at, is_set: false }
    }

    /// Returns the output of a future, or `None` if it takes longer than this.
    pub(crate) async fn within<T>(
        self: &Arc<Self>,
        us: i64,
        future: impl Future<Output = T> + Unpin,
    ) -> Option<T> {
        match select(future, self.sleep(us)).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    /// Runs tasks until this instant.
    pub(crate) fn run_until(&self, tasks: &mut Tasks, at: i64) {
        loop {
            tasks.run(&self.spawned);
            let timer = {
                let mut timers = lock(&self.timers);
                match timers.heap.peek() {
                    Some(timer) if timer.at <= at => timers.heap.pop(),
                    _ => break,
                }
            };
            if let Some(timer) = timer {
                self.now_us.fetch_max(timer.at, Ordering::Relaxed);
                timer.waker.wake();
            }
        }
        self.now_us.fetch_max(at, Ordering::Relaxed);
    }
}

/// Locks what only one thread uses.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until an instant.
pub(crate) struct Sleep {
    world: Arc<World>,
    at: i64,
    is_set: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.world.now_us() >= self.at {
            return Poll::Ready(());
        }
        if !self.is_set {
            self.is_set = true;
            let (at, waker) = (self.at, context.waker().clone());
            let mut timers = lock(&self.world.timers);
            timers.count += 1;
            let number = timers.count;
            timers.heap.push(Timer { at, number, waker });
        }
        Poll::Pending
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> Order {
        // The heap gives the greatest first.
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Order::Equal
    }
}

impl Eq for Timer {}

/// The tasks of a world.
#[derive(Default)]
pub(crate) struct Tasks {
    running: FuturesUnordered<BoxFuture<'static, ()>>,
    flag: Arc<Flag>,
}

/// Notes that some task can go on.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Tasks {
    /// Runs the tasks until all of them wait.
    fn run(&mut self, spawned: &Mutex<Vec<BoxFuture<'static, ()>>>) {
        let waker = Waker::from(Arc::clone(&self.flag));
        let mut context = Context::from_waker(&waker);
        loop {
            self.flag.0.store(false, Ordering::Relaxed);
            self.running.extend(std::mem::take(&mut *lock(spawned)));
            while let Poll::Ready(Some(())) = Pin::new(&mut self.running).poll_next(&mut context) {}
            if !self.flag.0.load(Ordering::Relaxed) && lock(spawned).is_empty() {
                return;
            }
        }
    }
}

/// Whether a process is still running. Its tasks end with it, wherever they are.
#[derive(Clone)]
pub(crate) struct Life {
    world: Arc<World>,
    is_over: Arc<AtomicBool>,
}

impl Life {
    /// Begins a process.
    #[must_use]
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), is_over: Arc::default() }
    }

    /// Returns whether the process has ended.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Kills the process.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Starts a task of the process.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let (mut task, is_over) = (Box::pin(task), Arc::clone(&self.is_over));
        self.world.spawn(poll_fn(move |context| {
            if is_over.load(Ordering::Relaxed) { Poll::Ready(()) } else { task.as_mut().poll(context) }
        }));
    }
}
