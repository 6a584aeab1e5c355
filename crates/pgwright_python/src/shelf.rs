//! Things by number, of which those that were there at a fork are shared until one side changes them.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// Grows at its end only. A clone after [`Shelf::share`] costs a pointer per thing, and each changed thing a copy.
#[derive(Debug, Clone)]
pub struct Shelf<T> {
    shared: Vec<Arc<T>>,
    /// What was added since: executing code makes thousands of scopes and instances, which are not worth an allocation each.
    own: Vec<T>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { shared: Vec::new(), own: Vec::new() }
    }
}

impl<T> Shelf<T> {
    /// Makes all that is there now cheap to clone.
    pub(crate) fn share(&mut self) {
        self.shared.extend(self.own.drain(..).map(Arc::new));
    }

    pub fn len(&self) -> usize {
        self.shared.len() + self.own.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, at: usize) -> Option<&T> {
        match self.shared.get(at) {
            Some(thing) => Some(thing),
            None => self.own.get(at - self.shared.len()),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.shared.iter().map(Arc::as_ref).chain(&self.own)
    }

    pub(crate) fn push(&mut self, thing: T) {
        self.own.push(thing);
    }

    /// Drops what was added at or after a number.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.own.truncate(len.saturating_sub(self.shared.len()));
        self.shared.truncate(len);
    }
}

impl<T: Clone> Shelf<T> {
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let shared = self.shared.len();
        match self.shared.get_mut(at) {
            Some(thing) => Some(Arc::make_mut(thing)),
            None => self.own.get_mut(at - shared),
        }
    }

    /// Puts something in the place of what is there, without copying that.
    pub(crate) fn put(&mut self, at: usize, thing: T) {
        match self.shared.get_mut(at) {
            Some(slot) => *slot = Arc::new(thing),
            None => self[at] = thing,
        }
    }
}

impl<T> Index<usize> for Shelf<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        match self.shared.get(at) {
            Some(thing) => thing,
            None => &self.own[at - self.shared.len()],
        }
    }
}

impl<T: Clone> IndexMut<usize> for Shelf<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        let shared = self.shared.len();
        match self.shared.get_mut(at) {
            Some(thing) => Arc::make_mut(thing),
            None => &mut self.own[at - shared],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;

    #[test]
    fn a_clone_goes_its_own_way() {
        let mut one: Shelf<String> = Shelf::default();
        ["a", "b"].into_iter().for_each(|text| one.push(text.to_owned()));
        one.share();
        let mut other = one.clone();
        one.push("c".to_owned());
        other[0].push('!');
        other.put(1, "B".to_owned());
        other.push("C".to_owned());
        assert_eq!(one.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(other.iter().collect::<Vec<_>>(), ["a!", "B", "C"]);
        assert_eq!((one.get(2).map(String::as_str), one.get(3), other[2].as_str()), (Some("c"), None, "C"));
        other.truncate(1);
        assert_eq!((other.len(), other.is_empty(), other.iter().count()), (1, false, 1));
    }
}
