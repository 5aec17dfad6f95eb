/// A traffic light that blinks at night.
machine TrafficLight "Traffic Light" {
  input { NIGHT DAY }
  output { SHOW(colour: Text) }
  context { rounds: Int = 0 }

  initial day

  state day "By Day" {
    initial red
    on NIGHT -> night

    state red    { entry / emit SHOW("red")  after 300ms -> green }
    state green  { entry / emit SHOW("green")  after 300ms -> yellow }
    state yellow { entry / emit SHOW("yellow")  after 100ms -> red / rounds := rounds + 1 }
  }

  state night "At Night" {
    initial bright
    on DAY -> day

    state bright { entry / emit SHOW("yellow")  after 50ms -> dark }
    state dark   { entry / emit SHOW("off")  after 50ms -> bright }
  }
}
