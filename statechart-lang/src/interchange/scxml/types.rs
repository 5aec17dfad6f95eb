//! What the values of a document's variables are: found out from what is done with them.

/// Index of a type that may not be known yet.
pub(super) type Slot = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unknown,
    Int,
    Float,
    Bool,
    Text,
    List(Slot),
    /// A value that the language has no type for.
    Object,
    /// A value of the processor's own, which can only be had and compared; a Text stands for it.
    Opaque,
}

/// A type on its way from one machine to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Unknown,
    Int,
    Float,
    Bool,
    Text,
    List(Box<Shape>),
}

/// Slots that turn out to be one are joined; a joined slot is what either was.
#[derive(Debug, Default)]
pub(super) struct Types {
    slots: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    Same(Slot),
    Is(Kind),
}

/// How deep lists may nest.
const LIST_DEPTH: usize = 8;

impl Types {
    pub(super) fn fresh(&mut self, kind: Kind) -> Slot {
        self.slots.push(Entry::Is(kind));
        self.slots.len() - 1
    }

    fn find(&self, mut slot: Slot) -> Slot {
        while let Some(Entry::Same(next)) = self.slots.get(slot) {
            slot = *next;
        }
        slot
    }

    pub(super) fn kind(&self, slot: Slot) -> Kind {
        match self.slots.get(self.find(slot)) {
            Some(Entry::Is(kind)) => *kind,
            _ => Kind::Unknown,
        }
    }

    /// Makes two slots one; `false` where they are different things, which then stay as they are.
    pub(super) fn join(&mut self, a: Slot, b: Slot) -> bool {
        self.join_within(a, b, 0)
    }

    fn join_within(&mut self, a: Slot, b: Slot, depth: usize) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return true;
        }
        let joined = match (self.kind(a), self.kind(b)) {
            (Kind::Unknown, kind) | (kind, Kind::Unknown) => kind,
            (Kind::Int | Kind::Float, Kind::Float) | (Kind::Float, Kind::Int) => Kind::Float,
            (Kind::List(x), Kind::List(y)) => {
                if depth == LIST_DEPTH || !self.join_within(x, y, depth + 1) {
                    return false;
                }
                Kind::List(x)
            }
            (x, y) if x == y => x,
            _ => return false,
        };
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.slots[b] = Entry::Same(a);
        }
        self.slots[a] = Entry::Is(joined);
        true
    }

    /// The type of a slot, for another machine; none for what the language has no type for.
    pub(super) fn shape(&self, slot: Slot) -> Option<Shape> {
        self.shape_within(slot, 0)
    }

    fn shape_within(&self, slot: Slot, depth: usize) -> Option<Shape> {
        Some(match self.kind(slot) {
            Kind::Unknown => Shape::Unknown,
            Kind::Int => Shape::Int,
            Kind::Float => Shape::Float,
            Kind::Bool => Shape::Bool,
            Kind::Text => Shape::Text,
            Kind::List(item) if depth < LIST_DEPTH => {
                Shape::List(Box::new(self.shape_within(item, depth + 1)?))
            }
            Kind::List(_) | Kind::Object | Kind::Opaque => return None,
        })
    }

    /// A slot of that type.
    pub(super) fn of(&mut self, shape: &Shape) -> Slot {
        let kind = match shape {
            Shape::Unknown => Kind::Unknown,
            Shape::Int => Kind::Int,
            Shape::Float => Kind::Float,
            Shape::Bool => Kind::Bool,
            Shape::Text => Kind::Text,
            Shape::List(item) => Kind::List(self.of(item)),
        };
        self.fresh(kind)
    }

    /// The type as the language spells it; what nothing is known about is a Text.
    pub(super) fn spell(&self, slot: Slot) -> Option<String> {
        self.spell_within(slot, 0)
    }

    fn spell_within(&self, slot: Slot, depth: usize) -> Option<String> {
        Some(match self.kind(slot) {
            Kind::Unknown | Kind::Text | Kind::Opaque => "Text".to_owned(),
            Kind::Int => "Int".to_owned(),
            Kind::Float => "Float".to_owned(),
            Kind::Bool => "Bool".to_owned(),
            Kind::List(item) if depth < LIST_DEPTH => format!("[{}]", self.spell_within(item, depth + 1)?),
            Kind::List(_) | Kind::Object => return None,
        })
    }

    /// A value to begin with.
    pub(super) fn zero(&self, slot: Slot) -> &'static str {
        match self.kind(slot) {
            Kind::Int => "0",
            Kind::Float => "0.0",
            Kind::Bool => "false",
            Kind::List(_) => "[]",
            Kind::Unknown | Kind::Text | Kind::Object | Kind::Opaque => "\"\"",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assigned_to_each_other_has_one_type() {
        let mut types = Types::default();
        let (a, b, c) = (types.fresh(Kind::Unknown), types.fresh(Kind::Int), types.fresh(Kind::Float));
        assert!(types.join(a, b) && types.join(b, c));
        assert_eq!(types.spell(a).as_deref(), Some("Float"));
        let text = types.fresh(Kind::Text);
        assert!(!types.join(a, text));
        assert_eq!(types.kind(text), Kind::Text);
        let (x, y) = (types.fresh(Kind::List(b)), types.fresh(Kind::Unknown));
        assert!(types.join(y, x));
        assert_eq!(types.spell(y).as_deref(), Some("[Float]"));
    }

    #[test]
    fn a_list_of_itself_ends() {
        let mut types = Types::default();
        let inner = types.fresh(Kind::Unknown);
        let list = types.fresh(Kind::List(inner));
        let other = types.fresh(Kind::Unknown);
        types.join(inner, list);
        assert_eq!(types.spell(list), None);
        let again = types.fresh(Kind::List(inner));
        types.join(again, list);
        types.join(other, list);
    }
}
