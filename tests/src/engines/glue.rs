//! What the build script writes for each compiled machine, and values of both sides.

use statechart_lang::interpreter::{Answers, Signal, Value};
use statechart_runtime::{
    chart::Chart,
    snapshot::{self, Pending, Restorable, SnapshotError},
    value::{self, Time},
};

/// The externs of every compiled machine: guards answer by name, actions and services do nothing.
#[derive(Debug, Clone, Default)]
pub struct Answered(pub Answers);

impl Answered {
    /// The answer of a guard; false where nobody says.
    #[must_use]
    pub fn answer(&self, name: &str) -> bool {
        self.0.0.get(name).copied().unwrap_or(false)
    }
}

/// What the build script writes for each compiled machine.
pub trait Glue: Restorable + Chart<Externs = Answered> + 'static {
    /// A machine before its start, with values for its parameters.
    fn fresh(params: &[Value]) -> Self;
    /// Parameters of the machine and data of active states, by their index in the model.
    fn data_values(&self) -> Vec<(usize, Value)>;
    /// Arguments of a child that is to be started.
    fn spawn_args(spawn: &Self::Spawn) -> Vec<Value>;
    /// What a child returned.
    fn child_result(child: usize, result: Option<&Value>) -> Option<Self::Returned>;
    /// What the machine returned.
    fn result_value(&self) -> Option<Value>;
    /// The machine that a snapshot is of.
    ///
    /// # Errors
    /// What is wrong with the snapshot.
    fn revived(snapshot: &snapshot::Snapshot, now: Time) -> Result<(Self, Pending), SnapshotError>;
    /// The event with this index of the model.
    fn event(id: usize, args: &[Value]) -> Self::Event;
    /// An event in the interpreter's terms.
    fn event_signal(event: &Self::Event) -> Signal;
    /// An output in the interpreter's terms.
    fn output_signal(output: &Self::Output) -> Signal;
    /// The peer, and what is sent to it.
    fn message(message: &Self::Message) -> (Option<String>, Signal);
    /// A service's name and arguments.
    fn call_of(call: &Self::Call) -> (String, Vec<Value>);
    /// An action's name and arguments.
    fn action_of(action: &Self::Action) -> (String, Vec<Value>);
    /// The context in order of declaration.
    fn context_values(&self) -> Vec<Value>;
    /// Whether the configuration accepts.
    fn accepting(&self) -> bool;
}

/// A spec's value as Rust's.
pub trait FromValue {
    /// The value; a value of another type is a mistake of the test.
    fn from_value(value: &Value) -> Self;
}

/// Rust's value as a spec's.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

macro_rules! values {
    ($($variant:ident $ty:ty: |$inner:ident| $from:expr, |$outer:ident| $to:expr;)*) => {$(
        impl FromValue for $ty {
            fn from_value(value: &Value) -> Self {
                let Value::$variant($inner) = value else { panic!("{value} is no {}", stringify!($variant)) };
                $from
            }
        }
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                let $outer = self;
                Value::$variant($to)
            }
        }
    )*};
}

values! {
    Int i64: |v| *v, |v| *v;
    Float f64: |v| *v, |v| *v;
    Bool bool: |v| *v, |v| *v;
    Text value::Text: |v| value::Text::from(v.clone()), |v| v.to_string();
    Time value::Time: |v| value::Time(*v), |v| v.0;
    Duration value::Duration: |v| value::Duration(*v), |v| v.0;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Self {
        (*value != Value::None).then(|| T::from_value(value))
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::None, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Self {
        let Value::List(items) = value else { panic!("{value} is no list") };
        items.iter().map(T::from_value).collect()
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}

/// An extern type as a name that stands for its value: no more than a spec may ask of it.
#[macro_export]
macro_rules! token {
    ($name:ident) => {
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);
        impl FromValue for $name {
            fn from_value(value: &Value) -> Self {
                let Value::Token(name) = value else { panic!("{value} is no token") };
                Self(name.clone())
            }
        }
        impl ToValue for $name {
            fn to_value(&self) -> Value {
                Value::Token(self.0.clone())
            }
        }
    };
}
