// Colours for `.sc` in the book: the words of the language, as far as highlight.js needs them.
(function () {
  if (typeof hljs === "undefined") return;
  hljs.registerLanguage("sc", function (hljs) {
    return {
      keywords: {
        keyword:
          "accept action actor after always and as before can cancel commit compensate context deep defer delay do done " +
          "else emit entry event example exit extern external fault final for fragment from guard history if implies import " +
          "in initial input internal invariant leads limits log machine migrate never nondeterministic not now on or output " +
          "parallel peer property raise reach region return self send service spawn state stop streams strict system to " +
          "type undo use",
        literal: "true false none",
        built_in: "Bool Duration Float Int Text Time",
      },
      contains: [
        hljs.C_LINE_COMMENT_MODE,
        hljs.C_BLOCK_COMMENT_MODE,
        hljs.QUOTE_STRING_MODE,
        hljs.APOS_STRING_MODE,
        { className: "number", begin: "\\b\\d[\\d_]*(\\.\\d+)?(us|ms|s|m|h|d)?\\b" },
        { className: "meta", begin: "#[a-z]+" },
      ],
    };
  });
  document.querySelectorAll("code.language-sc").forEach(function (block) {
    block.textContent = block.textContent;
    hljs.highlightBlock(block);
  });
})();
