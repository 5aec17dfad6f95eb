/// Events that are called like commands and numbers.
machine Names {
  input { 1 show }
  initial a
  state a { on show -> b }
  state b { on 1 -> a }
}
