//! Where the services are that `cargo xtask services up` has started.

use std::path::Path;

/// The URL of a service, `kafka` or `redis` for example: from the variable `TEST_KAFKA`, else from the file that the
/// task keeps. Panics when there is neither: a test that needs a service and has none has failed.
pub fn service(name: &str) -> String {
    let variable = format!("TEST_{}", name.to_uppercase());
    if let Ok(url) = std::env::var(&variable) {
        return url;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let path = root.join("target/services/state.json");
    let state = std::fs::read_to_string(&path).ok().and_then(|text| {
        let state: serde_json::Value = serde_json::from_str(&text).ok()?;
        let services = state["services"].as_array()?;
        let found = services.iter().find(|service| service["name"] == name)?;
        Some(found["url"].as_str()?.to_owned())
    });
    state.unwrap_or_else(|| {
        panic!(
            "this test needs the service {name}: {variable} is not set, and {} names none; \
             start the services with `cargo xtask services up`",
            path.display()
        )
    })
}
