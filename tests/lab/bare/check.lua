return {
  number = function(task) task:equal(task.answer, 6 * 7 + (task.seed - 1), { what = "the number" }) end,
  list = function(task) task:same_set(task.answer, { 1, 2, 3 }, { what = "the list" }) end,
  call = function(task) task:equal(task.answer(20), 41, { what = "what the function makes of 20", hint = "Double it." }) end,
}
