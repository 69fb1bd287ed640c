//! Waiting for several futures: each tells a channel when it is done.

use std::time::Instant;

use crossbeam::channel::{Receiver, Sender, unbounded};

use super::future::Future;

/// One of the futures is done.
pub(super) struct News {
    pub(super) index: usize,
    pub(super) failed: bool,
}

/// Some futures, each of them once, and the news of them.
pub(super) struct Watch<T> {
    /// None where it was taken.
    futures: Vec<Option<Future<T>>>,
    news: Receiver<News>,
    sender: Sender<News>,
}

impl<T> Watch<T> {
    pub(super) fn new(futures: impl IntoIterator<Item = Future<T>>) -> Self {
        let (sender, news) = unbounded();
        let mut watched: Vec<Option<Future<T>>> = Vec::new();
        for future in futures {
            if !watched.iter().flatten().any(|other| other.is(&future)) {
                future.watch(watched.len(), &sender);
                watched.push(Some(future));
            }
        }
        Self {
            futures: watched,
            news,
            sender,
        }
    }

    /// How many futures there were at first.
    pub(super) fn total(&self) -> usize {
        self.futures.len()
    }

    /// Waits for the next to be done; none if the limit passes first.
    pub(super) fn next(&self, deadline: Option<Instant>) -> Option<News> {
        match deadline {
            None => self.news.recv().ok(),
            Some(deadline) => match self.news.try_recv() {
                Ok(news) => Some(news),
                Err(_) => self.news.recv_deadline(deadline).ok(),
            },
        }
    }

    pub(super) fn take(&mut self, index: usize) -> Option<Future<T>> {
        self.futures.get_mut(index).and_then(Option::take)
    }

    /// Those that have not been taken.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = Future<T>> {
        self.futures.iter_mut().filter_map(Option::take)
    }
}

impl<T> Drop for Watch<T> {
    fn drop(&mut self) {
        for future in self.futures.iter().flatten() {
            future.unwatch(&self.sender);
        }
    }
}
