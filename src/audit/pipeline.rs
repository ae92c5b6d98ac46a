//! Read on one thread, check on the others, consume in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::audit::check::{CheckedBatch, Checker};
use crate::audit::keys::Keys;
use crate::error::{Error, Result};
use crate::store::batch::{Layout, RowBatch};
use crate::store::generation::Family;
use crate::store::{Emit, Scan, ScanEnd, Store};

/// What a worker makes of a batch.
pub trait Product: Send {
    /// The batch that it was made of, whose buffers are filled again.
    fn reclaim(self) -> RowBatch;
}

impl Product for CheckedBatch {
    fn reclaim(self) -> RowBatch {
        self.raw
    }
}

/// Reads the rows of a scan, checks them on `jobs` cores, and hands them to `consume` in chain order. What is
/// held at a time is bounded by the number of cores, not by the log.
pub fn run(
    store: &mut Store,
    scan: &Scan,
    keys: &Keys,
    family: Family,
    jobs: NonZeroUsize,
    first_position: u64,
    consume: &mut dyn FnMut(&CheckedBatch) -> Result<()>,
) -> Result<ScanEnd> {
    let source = |emit: Emit<'_>| {
        store.scan(scan, &mut |mut batch| {
            batch.first_position += first_position - 1;
            emit(batch)
        })
    };
    let worker = || {
        let mut checker = Checker::new(keys, family);
        move |batch| checker.check_batch(batch)
    };
    run_over(source, scan.layout, jobs, worker, &mut |batch: &mut CheckedBatch| consume(batch))
}

/// The same for rows of any source and any work on them: `source` hands over batches in order, `worker` makes the
/// function that each thread works with, `consume` gets what they made of the batches, in order.
pub fn run_over<P: Product, W: FnMut(RowBatch) -> P, E>(
    source: impl FnOnce(Emit<'_>) -> Result<E>,
    layout: Layout,
    jobs: NonZeroUsize,
    worker: impl Fn() -> W + Sync,
    consume: &mut dyn FnMut(&mut P) -> Result<()>,
) -> Result<E> {
    // One core reads and follows the links; the others check.
    let workers = jobs.get() - 1;
    if workers == 0 {
        let mut work = worker();
        return source(&mut |batch| {
            let mut product = work(batch);
            consume(&mut product)?;
            Ok(empty(product.reclaim()))
        });
    }
    let (work_sender, work_receiver) = sync_channel::<(u64, RowBatch)>(workers * 2);
    let (done_sender, done_receiver) = channel::<(u64, P)>();
    let work_receiver = Mutex::new(work_receiver);
    let worker = &worker;
    thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, done) = (&work_receiver, done_sender.clone());
            scope.spawn(move || {
                let mut work = worker();
                while let Some((sequence, batch)) = next(queue) {
                    if done.send((sequence, work(batch))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done_sender);
        let work_sender = work_sender;
        let mut order = Order { done: done_receiver, waiting: BTreeMap::new(), next: 0, consume };
        let mut sent = 0;
        let limit = u64::try_from(workers * 3 + 1).unwrap_or(u64::MAX);
        let mut spare = Vec::new();
        let result = source(&mut |batch| {
            work_sender.send((sent, batch)).map_err(|_| lost())?;
            sent += 1;
            while sent - order.next > limit {
                spare.extend(order.wait()?);
            }
            spare.extend(order.ready()?);
            Ok(spare.pop().unwrap_or_else(|| RowBatch::new(layout)))
        });
        drop(work_sender);
        let end = result?;
        while order.next < sent {
            order.wait()?;
        }
        Ok(end)
    })
}

struct Order<'c, P> {
    done: Receiver<(u64, P)>,
    waiting: BTreeMap<u64, P>,
    next: u64,
    consume: &'c mut dyn FnMut(&mut P) -> Result<()>,
}

impl<P: Product> Order<'_, P> {
    /// Waits for one more batch; gives the buffers of those that could be consumed.
    fn wait(&mut self) -> Result<Vec<RowBatch>> {
        let (sequence, batch) = self.done.recv().map_err(|_| lost())?;
        self.waiting.insert(sequence, batch);
        self.consume_in_order()
    }

    /// Takes what is there without waiting.
    fn ready(&mut self) -> Result<Vec<RowBatch>> {
        self.waiting.extend(self.done.try_iter());
        self.consume_in_order()
    }

    fn consume_in_order(&mut self) -> Result<Vec<RowBatch>> {
        let mut free = Vec::new();
        while let Some(mut batch) = self.waiting.remove(&self.next) {
            (self.consume)(&mut batch)?;
            free.push(empty(batch.reclaim()));
            self.next += 1;
        }
        Ok(free)
    }
}

fn empty(mut batch: RowBatch) -> RowBatch {
    batch.clear(1);
    batch
}

fn next(work: &Mutex<Receiver<(u64, RowBatch)>>) -> Option<(u64, RowBatch)> {
    work.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn lost() -> Error {
    Error::bug("a checking thread ended early")
}
