//! JSON in the order in which it is built.

use serde_json::Value;

/// Values under keys, in the order of the keys.
pub(super) type Keyed = Vec<(String, Vec<Members>)>;

/// An object in the order in which it was built: the order of states is part of the meaning.
#[derive(Default)]
pub(super) struct Members(pub(super) Vec<(String, Member)>);

pub(super) enum Member {
    /// JSON on one line.
    Raw(String),
    Object(Members),
    List(Vec<Members>),
}

impl Members {
    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.0.push((name.to_owned(), Member::Raw(json.to_owned())));
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &Value::from(text).to_string());
    }

    pub(super) fn object(&mut self, name: &str, members: Self) {
        self.0.push((name.to_owned(), Member::Object(members)));
    }

    pub(super) fn values(&mut self, name: &str, values: Vec<Value>) {
        match values.as_slice() {
            [] => {}
            [one] => self.raw(name, &one.to_string()),
            _ => self.raw(name, &Value::from(values).to_string()),
        }
    }

    pub(super) fn write(&self, depth: usize, out: &mut String) {
        if self.0.is_empty() {
            out.push_str("{}");
            return;
        }
        let indent = "  ".repeat(depth + 1);
        out.push_str("{\n");
        for (number, (name, member)) in self.0.iter().enumerate() {
            if number > 0 {
                out.push_str(",\n");
            }
            out.push_str(&format!("{indent}{}: ", Value::from(name.as_str())));
            match member {
                Member::Raw(json) => out.push_str(json),
                Member::Object(members) => members.write(depth + 1, out),
                Member::List(items) => {
                    out.push_str("[\n");
                    for (number, item) in items.iter().enumerate() {
                        if number > 0 {
                            out.push_str(",\n");
                        }
                        out.push_str(&format!("{indent}  "));
                        item.write(depth + 2, out);
                    }
                    out.push_str(&format!("\n{indent}]"));
                }
            }
        }
        out.push_str(&format!("\n{}}}", "  ".repeat(depth)));
    }
}

pub(super) fn one_or_several(mut list: Vec<Members>) -> Member {
    if list.len() == 1
        && let Some(one) = list.pop()
    {
        return Member::Object(one);
    }
    Member::List(list)
}
