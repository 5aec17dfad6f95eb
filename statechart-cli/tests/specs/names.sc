/// Events that are called like commands and numbers.
machine Names {
  input { 1 undo }
  initial a
  state a { on undo -> b }
  state b { on 1 -> a }
}
