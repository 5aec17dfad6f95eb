//! A bounded queue without allocation.

/// A first-in, first-out queue with a fixed limit.
pub trait Queue<T>: Default {
    /// How many items fit.
    const LIMIT: usize;
    /// Appends an item.
    ///
    /// # Errors
    /// The item, when the queue is full.
    fn push(&mut self, item: T) -> Result<(), T>;
    /// Takes the oldest item.
    fn pop(&mut self) -> Option<T>;
    /// The item at a position, the oldest first.
    fn get(&self, position: usize) -> Option<&T>;
    /// Takes the item at a position, keeping the order of the others.
    fn take(&mut self, position: usize) -> Option<T>;
    /// Takes the item at a position and keeps its place free, until [`Queue::lay`] fills it or [`Queue::take`]
    /// closes it.
    fn lift(&mut self, position: usize) -> Option<T>;
    /// Lays an item into the free place that [`Queue::lift`] left.
    fn lay(&mut self, position: usize, item: T);
    /// How many items wait.
    fn len(&self) -> usize;
    /// Whether nothing waits.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A ring buffer of at most `N` items, held in place.
#[derive(Debug, Clone)]
pub struct Ring<T, const N: usize> {
    items: [Option<T>; N],
    head: usize,
    len: usize,
}

impl<T, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self { items: [const { None }; N], head: 0, len: 0 }
    }
}

impl<T, const N: usize> Ring<T, N> {
    fn slot(&self, position: usize) -> usize {
        (self.head + position) % N.max(1)
    }
}

impl<T, const N: usize> Queue<T> for Ring<T, N> {
    const LIMIT: usize = N;

    fn push(&mut self, item: T) -> Result<(), T> {
        if self.len == N {
            return Err(item);
        }
        let slot = self.slot(self.len);
        match self.items.get_mut(slot) {
            Some(place) => *place = Some(item),
            None => return Err(item),
        }
        self.len += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let item = self.items.get_mut(self.head)?.take();
        self.head = self.slot(1);
        self.len -= 1;
        item
    }

    fn get(&self, position: usize) -> Option<&T> {
        if position >= self.len {
            return None;
        }
        self.items.get(self.slot(position))?.as_ref()
    }

    fn take(&mut self, position: usize) -> Option<T> {
        if position >= self.len {
            return None;
        }
        let slot = self.slot(position);
        let item = self.items.get_mut(slot)?.take();
        // Close the hole by moving every later item one place forward.
        for later in position + 1..self.len {
            let (from, to) = (self.slot(later), self.slot(later - 1));
            self.items.swap(from, to);
        }
        self.len -= 1;
        item
    }

    fn lift(&mut self, position: usize) -> Option<T> {
        if position >= self.len {
            return None;
        }
        let slot = self.slot(position);
        self.items.get_mut(slot)?.take()
    }

    fn lay(&mut self, position: usize, item: T) {
        let slot = self.slot(position);
        if let Some(place) = self.items.get_mut(slot) {
            *place = Some(item);
        }
    }

    fn len(&self) -> usize {
        self.len
    }
}

/// One value for each timer, activity, child or history state of a chart.
#[derive(Debug, Clone, Copy)]
pub struct Cells<const N: usize, T = u32>([T; N]);

impl<const N: usize, T: Copy + Default> Default for Cells<N, T> {
    fn default() -> Self {
        Self([T::default(); N])
    }
}

impl<const N: usize, T> AsRef<[T]> for Cells<N, T> {
    fn as_ref(&self) -> &[T] {
        &self.0
    }
}

impl<const N: usize, T> AsMut<[T]> for Cells<N, T> {
    fn as_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
