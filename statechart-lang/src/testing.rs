//! The macro that keeps the runs of a user's words as snapshots. It expands in the user's crate: what it reads is
//! read there.

/// Runs every `.words` file of a directory, and of those below it, on the specification of the same name beside it, and
/// compares what each word does with a snapshot of [insta](https://insta.rs). The directory is relative to the crate's
/// own; the crate has `insta` among its dev-dependencies. It belongs into a test:
///
/// ```ignore
/// #[test]
/// fn words() { statechart_lang::assert_words!("specs"); }
/// ```
///
/// The snapshot of `specs/doors/front.words` is `snapshots/doors_front.snap` beside the test. All files are looked at
/// before the test fails. A file that cannot be read, a specification or a word with a mistake, and a directory without
/// words fail it as well.
#[macro_export]
macro_rules! assert_words {
    ($directory:expr) => {{
        struct Disk;
        impl $crate::Loader for Disk {
            fn load(
                &self,
                path: &str,
            ) -> ::core::result::Result<::std::string::String, ::std::string::String> {
                ::std::fs::read_to_string(path).map_err(|error| error.to_string())
            }
            // A file that is imported by several paths is read once.
            fn identity(&self, path: &str) -> ::std::string::String {
                match ::std::fs::canonicalize(path) {
                    ::core::result::Result::Ok(file) => file.to_string_lossy().into_owned(),
                    ::core::result::Result::Err(_) => path.to_owned(),
                }
            }
        }
        let root = ::std::path::Path::new(::core::env!("CARGO_MANIFEST_DIR")).join($directory);
        let (mut open, mut files) = (::std::vec![root.clone()], ::std::vec![]);
        while let ::core::option::Option::Some(directory) = open.pop() {
            let entries = ::std::fs::read_dir(&directory)
                .unwrap_or_else(|why| ::core::panic!("cannot read `{}`: {why}", directory.display()));
            for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|extension| extension == "words") {
                    files.push(path);
                }
            }
        }
        files.sort();
        ::core::assert!(!files.is_empty(), "there is no .words file in `{}`", root.display());
        let mut mistakes = ::std::vec::Vec::<::std::string::String>::new();
        for file in files {
            let words = match ::std::fs::read_to_string(&file) {
                ::core::result::Result::Ok(words) => words,
                ::core::result::Result::Err(why) => {
                    mistakes.push(::std::format!("cannot read `{}`: {why}", file.display()));
                    continue;
                }
            };
            let spec = file.with_extension("sc").to_string_lossy().into_owned();
            let text = match $crate::interpreter::tables_of(&spec, &words, &Disk) {
                ::core::result::Result::Ok(text) => text,
                ::core::result::Result::Err(why) => {
                    mistakes.push(why);
                    continue;
                }
            };
            let below = file.strip_prefix(&root).unwrap_or(&file).with_extension("");
            let parts: ::std::vec::Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            let name = parts.join("_");
            let mut settings = ::insta::Settings::clone_current();
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let compared = ::std::panic::catch_unwind(::std::panic::AssertUnwindSafe(|| {
                settings.bind(|| ::insta::assert_snapshot!(name.as_str(), text));
            }));
            if compared.is_err() {
                mistakes.push(::std::format!("`{}` runs otherwise than its snapshot says", file.display()));
            }
        }
        ::core::assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    }};
}
