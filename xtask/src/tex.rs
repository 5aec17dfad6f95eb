//! The TikZ pictures compile: each by itself, and TeX has nothing to say about them.

use std::{fs, process::Command};

use crate::{diagrams, error::Error, tools};

/// What a plain Debian needs for `pdflatex` and the classes and libraries that the pictures name.
const PACKAGES: &str = "texlive-latex-base texlive-pictures texlive-latex-extra";

/// One of each kind: polygons, nested states, regions, a system with its actors' states, messages alone.
const PICTURES: [&str; 6] = [
    "templates/quadruple",
    "templates/septuple",
    "platform",
    "producer",
    "data_platform",
    "data_platform_messages",
];

/// What a log must not say.
const COMPLAINTS: [&str; 6] =
    ["Overfull", "Underfull", "undefined", "Undefined", "Warning", "Missing character"];

/// Installs TeX where it is missing and that is possible.
pub(crate) fn install() -> Result<(), Error> {
    tools::ensure("pdflatex", PACKAGES, "the TikZ pictures are compiled")
}

/// Compiles the pictures.
pub(crate) fn check() -> Result<(), Error> {
    let directory = tools::target().join("tex");
    fs::create_dir_all(&directory).map_err(Error::file("make", &directory))?;
    for picture in PICTURES {
        let source = tools::root().join(diagrams::PICTURES).join(format!("{picture}.tex"));
        let name = picture.replace('/', "_");
        let mut pdflatex = Command::new("pdflatex");
        pdflatex.args(["-interaction=nonstopmode", "-halt-on-error", "-jobname", &name]).arg(&source);
        let hint = format!("the log is {}", directory.join(format!("{name}.log")).display());
        tools::output(pdflatex.current_dir(&directory), &hint)?;
        let log = directory.join(format!("{name}.log"));
        // TeX writes what it was given as it was given: not always text.
        let bytes = fs::read(&log).map_err(Error::file("read", &log))?;
        let said = complaints(&String::from_utf8_lossy(&bytes));
        if !said.is_empty() {
            return Err(Error::Unexpected {
                what: format!("`{picture}.tex`"),
                why: format!("TeX says: {}", said.join("; ")),
                hint,
            });
        }
    }
    tools::progress(&format!("{} TikZ pictures compile without a warning", PICTURES.len()));
    Ok(())
}

/// The lines of a log that complain; the names of files and packages do not.
fn complaints(log: &str) -> Vec<String> {
    let named = |line: &str| line.starts_with("Package:") || line.contains("/tex/") || line.starts_with("\\");
    log.lines()
        .filter(|line| COMPLAINTS.iter().any(|word| line.contains(word)) && !named(line))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn a_log_complains_in_its_own_words() {
        let log = "Package: infwarerr 2019/12/03 v1.5 Providing info/warning/error messages (HO)\nOverfull \\hbox (3.0pt too wide)\nLaTeX Font Warning: Font shape undefined\nOutput written on x.pdf";
        assert_eq!(
            complaints(log),
            ["Overfull \\hbox (3.0pt too wide)", "LaTeX Font Warning: Font shape undefined"]
        );
    }
}
