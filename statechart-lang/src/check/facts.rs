//! Sets of facts.

use super::scope::Fact;

/// In ascending order, each once. The sets are small, and copied and joined more often than changed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct FactSet(Vec<Fact>);

impl FactSet {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn contains(&self, fact: &Fact) -> bool {
        self.0.binary_search(fact).is_ok()
    }

    pub(super) fn insert(&mut self, fact: Fact) {
        if let Err(at) = self.0.binary_search(&fact) {
            self.0.insert(at, fact);
        }
    }

    pub(super) fn remove(&mut self, fact: &Fact) {
        if let Ok(at) = self.0.binary_search(fact) {
            self.0.remove(at);
        }
    }

    /// Adds a few facts.
    pub(super) fn extend(&mut self, more: Vec<Fact>) {
        for fact in more {
            self.insert(fact);
        }
    }

    /// Adds all facts of another set.
    pub(super) fn add(&mut self, more: &Self) {
        if more.is_empty() {
            return;
        }
        let mut own = std::mem::take(&mut self.0).into_iter().peekable();
        for fact in &more.0 {
            while let Some(before) = own.next_if(|own| own < fact) {
                self.0.push(before);
            }
            own.next_if_eq(fact);
            self.0.push(fact.clone());
        }
        self.0.extend(own);
    }

    /// Keeps the facts that another set holds as well.
    pub(super) fn keep(&mut self, other: &Self) {
        self.filter(&|fact| other.contains(fact));
    }

    /// Drops the facts that another set holds.
    pub(super) fn drop(&mut self, other: &Self) {
        self.filter(&|fact| !other.contains(fact));
    }

    /// Keeps what is known of the context, which lasts from state to state.
    pub(super) fn keep_variables(&mut self) {
        self.filter(&|fact| matches!(fact, Fact::Variable(_)));
    }

    /// Keeps what no assignment ends.
    pub(super) fn keep_lasting(&mut self) {
        self.filter(&|fact| !matches!(fact, Fact::Variable(_) | Fact::Local(_)));
    }

    fn filter(&mut self, keep: &dyn Fn(&Fact) -> bool) {
        self.0.retain(keep);
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Fact> {
        self.0.iter()
    }
}

impl From<Vec<Fact>> for FactSet {
    fn from(facts: Vec<Fact>) -> Self {
        let mut set = Self::default();
        set.extend(facts);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::{Fact, FactSet};

    fn set(variables: &[usize]) -> FactSet {
        variables.iter().map(|at| Fact::Variable(*at)).collect::<Vec<_>>().into()
    }

    #[test]
    fn sets_are_joined_and_cut() {
        for (a, b, all, both, rest) in [
            (&[][..], &[][..], &[][..], &[][..], &[][..]),
            (&[3, 1], &[], &[1, 3], &[], &[1, 3]),
            (&[], &[2, 1, 2], &[1, 2], &[], &[]),
            (&[1, 3, 5], &[5, 4, 1, 0], &[0, 1, 3, 4, 5], &[1, 5], &[3]),
        ] {
            let (a, b) = (set(a), set(b));
            let (mut sum, mut common, mut left) = (a.clone(), a.clone(), a);
            sum.add(&b);
            common.keep(&b);
            left.drop(&b);
            assert!((sum, common, left) == (set(all), set(both), set(rest)));
        }
    }
}
