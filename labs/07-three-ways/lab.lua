-- One guest three times: deprivileged without its knowledge, deprivileged and aware of it, and in VMX non-root operation.
local three_ways = require "three_ways"

local function lane(technique, seed) return { guest = "tour", technique = technique, metal = "soft", seed = seed } end

local flush_questions = {
  more = "these loads together drop more TLB entries than in lane hardware",
  small = "these loads together drop at most half the TLB entries that they drop in lane hardware, and no VM exit and no VM "
    .. "entry flushes anything",
  tagless = "these loads together drop at most half the TLB entries that they drop in lane hardware, and the TLB stays as "
    .. "large as there (as many of its sets and ways are filled)",
  monitor = "not one of the flushes has the cause mov_cr3, because the monitor itself drops the old translations, by "
    .. "INVVPID, the instruction that drops the translations of a VPID",
}

return {
  title = "Three ways side by side",
  summary = "Guest tour under full, para and hardware: what each monitor must do for the same action, and what that costs.",
  minutes = 15,
  lanes = function(seed)
    return { full = lane("full", seed), para = lane("para", seed), hardware = lane("hardware", seed) }
  end,
  -- What the questions speak of under a seed; zh.lua gets the same.
  facts = function(seed)
    local order, line, asked = three_ways.order_of(seed), three_ways.dearest_line(seed), three_ways.asked_for(seed)
    local exits = three_ways.exits_wanted(seed)
    return {
      order = { kind = order.kind, ordinal = order.ordinal, what = order.what },
      line = { ordinal = line.ordinal, what = line.what },
      counted_line = three_ways.counted_line(seed), counted_kind = three_ways.counted_kind(seed),
      asked = { kind = asked.kind, ordinal = asked.ordinal },
      exits = { reason = exits.reasons[1], what = exits.what },
      flush = three_ways.flush_wanted(seed),
    }
  end,
  tasks = {
    {
      id = "order_of_stops",
      kind = "predict",
      title = "Who calls its monitor most often?",
      points = 2,
      answer = "string",
      lane = "hardware",
      at = function(seed)
        local action = three_ways.order_of(seed)
        return three_ways.marker(action.kind, action.ordinal, false)
      end,
      reveal = "marker.end == 1 and marker.action != console_line",
      question = function(_, facts)
        local action = facts.order
        return ("The guest is about to begin action %s #%d: %s. Put the lanes in order, from the one whose monitor is "
          .. "entered least often until the action ends to the one where it is entered most often. "
          .. 'Three words in one string, such as "para full hardware"; the check then tells the counts.')
          :format(action.kind, action.ordinal, action.what)
      end,
      hints = {
        "For each lane ask of each step of the action: may the guest do this alone? The lesson's table of duties has a "
          .. "row for it. Then look for ports: they stop two of the lanes equally often.",
        "Translated code has been paid for when it runs again. And who takes an interrupt of the host's while the guest runs?",
        "Count it: `require \"three_ways\".stops(lab.lanes.full, KIND, ORDINAL)`, and the same of the other two.",
      },
    },
    {
      id = "dearest_line",
      kind = "predict",
      title = "Which line is the dearest?",
      points = 2,
      answer = "string",
      lane = "full",
      at = function(seed) return three_ways.marker("console_line", three_ways.dearest_line(seed).ordinal, false) end,
      reveal = "marker.end == 1 and marker.action == console_line",
      question = function(_, facts)
        local line = facts.line
        return ("The guest is about to print line %d of its console (action console_line #%d; %s). In which lane will "
          .. 'this line cost the most modelled cycles (the second column of an event)? One word: "full", "para" or "hardware".')
          :format(line.ordinal, line.ordinal, line.what)
      end,
      hints = {
        "A port access that a monitor emulates ends in the user half in two of the lanes. What do the ways there and back cost?",
        "Compare trap + emulate with vm_exit + vm_entry + kernel_half in the lesson's table of prices. Then ask which lane "
          .. "has something more to do when code runs for the first time.",
        "Measure it: `require \"three_ways\".action(lab.lanes.full, \"console_line\", ORDINAL).cycles`, and the other two.",
      },
    },
    {
      id = "one_line",
      kind = "measure",
      title = "Bytes and stops of one line",
      points = 2,
      answer = "table",
      question = function(_, facts)
        return ("Take console_line #%d. How many bytes does it send to the console, and how often is the monitor entered "
          .. "in each lane from its begin marker to its end marker (VM exits or traps)? A table with four numbers, such as "
          .. "{ bytes = 80, full = 20, para = 1, hardware = 10 }."):format(facts.counted_line)
      end,
      hints = {
        "Its markers are events of kind marker with action console_line; their ordinal counts lines from 1. Everything with "
          .. "a seq between the two belongs to the line.",
        "trace:count(\"console and seq in 810..1041\") counts bytes between two events; the kinds of a stop are vm_exit and trap.",
        "`require \"three_ways\".within(trace, \"console_line\", N, FILTER)` does both steps; FILTER is \"console\" or "
          .. "\"kind == vm_exit or kind == trap\".",
      },
    },
    {
      id = "user_half",
      kind = "measure",
      title = "The dearest way, taken how often?",
      points = 2,
      answer = "table",
      question = function(_, facts)
        return ("All actions of kind %s together: how often did each lane return to the monitor's user half, the returns for "
          .. "the lab's own markers not counted? A table, such as { full = 12, para = 3, hardware = 45 }.")
          :format(facts.counted_kind)
      end,
      hints = {
        "`scripts/trapline compare FILES` prints the columns `user half` and `markers` for each kind of action; both are sums "
          .. "over all of its occurrences.",
        "Each marker is one return to the user half: take them off.",
        "trapline.compare(lab.lanes.full, lab.lanes.para, lab.lanes.hardware):account(1, KIND) has user_exits and markers.",
      },
    },
    {
      id = "asked_for",
      kind = "measure",
      title = "What the kernel that knows asks for",
      points = 2,
      answer = "table",
      question = function(_, facts)
        local action = facts.asked
        return ("Which hypercalls does lane para make during %s #%d, and how many of each? Count all that lies between its "
          .. "two marker events: those inside a multicall as well, and the call that brings the last marker. A table from "
          .. "names to numbers, such as { flush = 2, set_timer = 1 }.")
          :format(action.kind, action.ordinal)
      end,
      hints = {
        "Each is an event of kind hypercall; its field number holds the name.",
        "Bound it by the action's markers: trace:group(\"hypercall and seq in FIRST..LAST\", \"number\").",
        "`require \"three_ways\".action(lab.lanes.para, KIND, ORDINAL).where` is the filter for the bounds.",
      },
    },
    {
      id = "exits_as_wanted",
      kind = "configure",
      title = "Make it exit, or let it be",
      points = 3,
      answer = "table",
      question = function(_, facts)
        return ("Find controls for lane hardware such that %s, and nothing exits for a reason that is "
          .. "otherwise new to this lane. A table of controls by name, such as { pause_exiting = true }.")
          :format(facts.exits.what)
      end,
      hints = {
        "`scripts/trapline list` names the controls, one line each; most of them say which instruction exits.",
        "Exceptions have no switch each but one number with a bit for each vector: bit 3 is 8, bit 6 is 0x40. MSRs exit always "
          .. "unless bitmaps say which; what exits at first may also be let be with false.",
        "Try: `scripts/trapline run tour --control NAME=VALUE --out /tmp/try`, and look at the exits with `scripts/trapline "
          .. "show /tmp/try/tour-hardware-soft.trap exits`.",
      },
    },
    {
      id = "cr3_flushes",
      kind = "configure",
      title = "What a CR3 switch forgets",
      points = 3,
      answer = "table",
      question = function(_, facts)
        return ("The guest loads CR3 several times, and each load drops translations from the TLB. Find controls for lane "
          .. "hardware such that in a run of the whole guest %s. A table, such as { invlpg_exiting = true }.")
          :format(flush_questions[facts.flush])
      end,
      hints = {
        "Look at what happens today: `scripts/trapline events FILE --kind tlb_flush --where 'tlb_flush.cause == mov_cr3'`; the "
          .. "field entries says how many were dropped.",
        "One can only drop what is there: how much does the TLB hold, and who emptied it before? And a load that exits is "
          .. "carried out by the monitor.",
        "Four controls matter here: tlb_sets and tlb_ways, vpid, and cr3_load_exiting.",
      },
    },
    {
      id = "name_the_technique",
      kind = "explain",
      title = "Tell the technique from its traces",
      points = 3,
      answer = "function",
      question = 'Write a function(trace) that returns "full", "para" or "hardware" from events alone. It is asked about runs of '
        .. "several guests and seeds, whole ones and short ones, some recorded at level exits; it gets neither the run_header "
        .. "nor trace.technique, but count, first, last, nth, sum, group, events and event_count. "
        .. "Such as function(trace) return trace:count(\"upcall\") > 5 and \"para\" or \"full\" end.",
      hints = {
        "What can a monitor of this technique not do without, even for a guest of three instructions?",
        "Only one technique enters VMX non-root operation; only one gets hypercalls. Translation is a way of full, not its "
          .. "definition: it can be switched off.",
        "trace:count(\"vm_entry\") > 0, trace:count(\"hypercall\") > 0: what remains is full.",
      },
    },
    {
      id = "is_translated",
      kind = "explain",
      title = "Translated, or not?",
      points = 2,
      answer = "function",
      question = "Write a function(trace) that returns true for a lane whose kernel ran as translated code and false for every "
        .. "other, full without translation among them. It gets what name_the_technique gets. "
        .. "Such as function(trace) return trace:count(\"trap\") > 0 end.",
      hints = {
        "Traps and emulated instructions there are with and without translation. What is there only with it?",
        "The list of event kinds (`scripts/trapline list`) has two that speak of blocks; one of them must come before any "
          .. "translated instruction runs.",
        "trace:count(\"block_translated\") > 0",
      },
    },
  },
}
