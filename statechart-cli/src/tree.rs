//! Trees in a terminal.

/// A line of text with what belongs below it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    line: String,
    branches: Vec<Tree>,
}

impl Tree {
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self { line: line.into(), branches: Vec::new() }
    }

    pub(crate) fn push(&mut self, branch: Self) {
        self.branches.push(branch);
    }

    /// The tree as lines.
    ///
    /// ```text
    /// line
    /// ├─ branch
    /// │  └─ twig
    /// └─ branch
    /// ```
    pub(crate) fn render(&self) -> String {
        let mut text = format!("{}\n", self.line);
        self.render_below(&mut text, "");
        text
    }

    /// As deep as what it shows: states and expressions, whose nesting the language limits.
    fn render_below(&self, text: &mut String, indent: &str) {
        for (index, branch) in self.branches.iter().enumerate() {
            let is_last = index + 1 == self.branches.len();
            let (joint, rest) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            text.push_str(&format!("{indent}{joint}{}\n", branch.line));
            branch.render_below(text, &format!("{indent}{rest}"));
        }
    }
}

impl<B: Into<String>> Extend<B> for Tree {
    fn extend<I: IntoIterator<Item = B>>(&mut self, lines: I) {
        self.branches.extend(lines.into_iter().map(Tree::new));
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn branches_hang_below_their_line() {
        let mut tree = Tree::new("root");
        let mut branch = Tree::new("a");
        branch.extend(["a1", "a2"]);
        tree.push(branch);
        tree.push(Tree::new("b"));
        assert_eq!(tree.render(), "root\n├─ a\n│  ├─ a1\n│  └─ a2\n└─ b\n");
    }
}
