machine Robot {
  input { ASK(job: Job) DONE }
  extern {
    type Job
    guard ready(Job)
    action note(Job)
    service work(Job) -> DONE
  }
  context { job: Job? = none }
  initial idle
  state idle { on ASK [ready(event.job)] -> busy / job := event.job, note(event.job) }
  state busy {
    do work(job)
    on DONE -> idle
  }
}
