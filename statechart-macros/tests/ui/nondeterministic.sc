nondeterministic machine Undecided {
  input { GO }
  initial a
  accept state a { on GO -> a on GO -> b }
  accept state b
}
