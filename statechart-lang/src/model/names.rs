//! How names of a spec are spelt in Rust and in words.

/// A symbol as a word holds it: in quotes where it is no identifier.
#[must_use]
pub fn symbol(name: &str) -> String {
    if is_bare(name) { name.to_owned() } else { format!("'{name}'") }
}

/// Whether a symbol needs no quotes; `ε` is the empty word.
pub(crate) fn is_bare(name: &str) -> bool {
    !name.is_empty() && name != "ε" && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// `FETCH_DATA`, `fetchingData` and `fetch data` as `FetchData`, `FetchingData`, `FetchData`; digits as `Sym0`.
#[must_use]
pub fn pascal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in words(name) {
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            out.extend(first.to_uppercase());
            out.push_str(&chars.as_str().to_lowercase());
        }
    }
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert_str(0, "Sym");
    }
    out
}

/// The same words as `fetch_data`.
#[must_use]
pub fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in words(name) {
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(&word.to_lowercase());
    }
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert_str(0, "sym");
    }
    out
}

/// Splits at anything that is not a letter or digit, and where lower case meets upper case.
///
/// Letters are those of ASCII and the Latin blocks, which are letters to Rust as well; any other letter is
/// spelt by its number, as `u5b57`.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars: Vec<char> = Vec::new();
    for c in name.chars() {
        let is_plain = c.is_ascii() || ('\u{c0}'..'\u{250}').contains(&c);
        if is_plain || !c.is_alphanumeric() {
            chars.push(c);
        } else {
            format!("_u{:x}", u32::from(c)).chars().for_each(|c| chars.push(c));
        }
    }
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let boundary = c.is_uppercase()
            && (before.is_some_and(|c| c.is_lowercase() || c.is_ascii_digit())
                || (before.is_some_and(|c| c.is_uppercase()) && after.is_some_and(|c| c.is_lowercase())));
        if (boundary || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{pascal, snake};

    #[test]
    fn names_follow_rust() {
        for (name, in_pascal, in_snake) in [
            ("FETCH_DATA", "FetchData", "fetch_data"),
            ("fetchingData", "FetchingData", "fetching_data"),
            ("queryingDB", "QueryingDb", "querying_db"),
            ("DBQuery", "DbQuery", "db_query"),
            ("ConsumerFixed", "ConsumerFixed", "consumer_fixed"),
            ("0", "Sym0", "sym0"),
            ("s0", "S0", "s0"),
            ("größe", "Größe", "größe"),
            ("½字", "UbdU5b57", "ubd_u5b57"),
            ("error.execution", "ErrorExecution", "error_execution"),
        ] {
            assert_eq!((pascal(name).as_str(), snake(name).as_str()), (in_pascal, in_snake), "{name}");
        }
    }
}
