-- Lab 01: the same kernel at CPL 0 and at CPL 3, and which of its instructions notice.
-- The guests are assembled in scripts/lua/lab01_guests.lua, where each is commented.
local guests = require "lab01_guests"

local function listing_text(listing)
  local lines = {}
  for number, row in ipairs(listing) do
    lines[number] = ("(%d) at 0x%x: %s%s"):format(number, row.address, row.text, row.note and ", " .. row.note or "")
  end
  return table.concat(lines, "; ")
end

-- What task choose_exits wants to exit.
local wanted = {
  tables = "every instruction that stores or loads a descriptor-table register (SGDT, SIDT, SLDT, STR, LGDT, LIDT ...)",
  cr3 = "MOV from CR3",
  both = "MOV from CR3 and every instruction that stores or loads a descriptor-table register (SGDT, SIDT, STR ...)",
}

return {
  title = "Rings and sensitive instructions",
  summary = "One kernel, once at CPL 0 and once at CPL 3: which instructions trap, which lie in silence, and why x86 could "
    .. "not be virtualized by trapping alone.",
  minutes = 15,

  lanes = function(seed)
    return {
      -- One small kernel, three ways.
      trapped = guests.lane(seed),
      translated = guests.lane(seed, { translation = true }),
      hardware = guests.lane(seed, { technique = "hardware" }),
      -- The four lines of task before_it_runs.
      listing = guests.listing_lane(seed),
      -- A whole little operating system, the same three ways.
      tour_trapped = { guest = "tour", technique = "full", translation = false, level = "exits", seed = seed },
      tour_translated = { guest = "tour", technique = "full", level = "exits", seed = seed },
      tour_hardware = { guest = "tour", technique = "hardware", level = "exits", seed = seed },
    }
  end,

  -- What the questions speak of under a seed; zh.lua gets the same.
  facts = function(seed)
    local listing = {}
    local _, addresses = guests.listing_code(seed)
    for number, row in ipairs(guests.listing(seed)) do
      listing[number] = { address = addresses[number], text = row.text, note = row.note }
    end
    return { listing = listing, wanted = ({ [0] = "tables", [1] = "cr3", [2] = "both" })[seed % 3] }
  end,

  tasks = {
    {
      id = "before_it_runs",
      kind = "predict",
      title = "Four lines at CPL 3",
      question = function(_, facts)
        return "The kernel of lane listing believes that it runs at CPL 0; it really runs at CPL 3, without translation. It "
          .. "executes these four lines, one after the other (and others between them, which only report, by an OUT that "
          .. "traps): " .. listing_text(facts.listing)
          .. ". What does the processor do with each? \"GP\": it raises a general-protection exception, so the monitor is "
          .. "called. \"other\": no trap, but what the line tells or does is not what it would be at CPL 0. \"same\": no trap, "
          .. "and the same as at CPL 0. Page faults do not count: they only fill the monitor's page tables. Answer with a list "
          .. "of four words, such as { \"same\", \"GP\", \"GP\", \"other\" }."
      end,
      answer = "table",
      points = 2,
      lane = "listing",
      at = "trap.rip in 0x101000..0x101fff and trap.vector != PF",
      hints = {
        "First ask of each line: could a user program harm others with it? Only such lines were made privileged, and only "
          .. "privileged ones give GP. Merely telling something is no harm.",
        "For the lines that do not trap: whose register do they tell, the guest's or the real one? The lesson's table under "
          .. "\"What the processor really holds\" has both.",
        "Control registers, MSRs, ports, CLI, CLTS, INVLPG and the loads of table registers trap. Selectors, flags and the "
          .. "stores of table registers do not. Compare the two columns of the table for them.",
      },
    },
    {
      id = "who_trapped",
      kind = "measure",
      title = "How many trapped, and which did not",
      question = "Count sensitive instructions as they were executed (a loop of n turns executes each of its lines n times). "
        .. "`trapped`: how many of the kernel in lane trapped came to the monitor by a general-protection exception? "
        .. "`silent`: how many did not, although they are sensitive? Lane translated runs the same kernel, and there the "
        .. "monitor is called for those, too: each is an event emulation with way=callout. `words`: which ones, by the word "
        .. "in the field `instruction` of those events, each once. Answer with a table, such as "
        .. "{ trapped = 12, silent = 7, words = { \"lar\", \"verr\" } }.",
      answer = "table",
      points = 2,
      hints = {
        "`scripts/trapline run 01` records the lanes. Then `scripts/trapline show trapline-out/01-rings/trapped.trap exits` "
          .. "counts the traps by vector.",
        "scripts/trapline events trapline-out/01-rings/translated.trap --where 'emulation.way == callout' prints the silent "
          .. "ones, a line each. Not every call of the monitor from translated code is one of them: use this filter.",
        "In Lua: who_trapped = function(lab) local t = lab.lanes.translated; local words = {}; for word in pairs(t:group("
          .. "\"emulation.way == callout\", \"instruction\")) do words[#words + 1] = word end ... return { ... } end, and "
          .. "lab.lanes.trapped:count(\"trap.vector == GP\").",
      },
    },
    {
      id = "kept_faith",
      kind = "explain",
      title = "Was the kernel deceived?",
      question = "The kernels of this lab report as they go. Before each question to the processor they write what it must "
        .. "answer to a kernel at CPL 0 to port 0x520, and then what it did answer to port 0x524; both are events port_io "
        .. "with fields port and value. A kernel is deceived if one answer differs from what it must be. Write a predicate: a "
        .. "function of a trace that returns true if the kernel was never deceived and false if it was. It is tried on lanes "
        .. "trapped, translated and hardware, and on kernels at CPL 3 that ask other questions. Answer with "
        .. "function(trace) ... return true end.",
      answer = "function",
      points = 3,
      hints = {
        "A silent instruction is not yet a deception: at CPL 3 too, some answers happen to be right. So neither the number of "
          .. "traps nor trace.technique can decide; only the values can.",
        "for event in trace:events(\"port_io\") do ... end visits the OUTs in order. Remember the value that went to 0x520 in "
          .. "a local variable until the next OUT to 0x524.",
        "if event.port == 0x524 and event.value ~= must then return false end; and return true behind the loop.",
      },
    },
    {
      id = "find_out",
      kind = "configure",
      title = "How a kernel finds out",
      question = "Write a few lines of 64-bit assembly by which a kernel finds out whether it really is at CPL 0: they leave 0 in EAX "
        .. "if it is, and anything else if not. They must not trap (page faults do not count), and must work in any kernel: "
        .. "interrupts on or off, its GDT anywhere, its code segment under any selector. Free to use: all registers but RSP, "
        .. "the stack, and memory from 0x8800 to 0x88ff. The program goes on behind your last line, so do not return. The "
        .. "lines are run at CPL 3 without translation, where they must say so, and with translation and under hardware, "
        .. "where they must not. Answer with text in Intel syntax, one instruction a line, between [[ and ]]. The line "
        .. "find_out = [[ mov eax, ebx ]] would be such a text of one instruction.",
      answer = "string",
      points = 3,
      hints = {
        "Choose a silent sensitive instruction. Which part of its answer is about the privilege level, and not about this "
          .. "particular kernel?",
        "A selector has three parts: the index of a descriptor, TI, and in its two lowest bits the RPL. In CS these two bits "
          .. "are the CPL.",
        "MOV EAX, CS tells the selector. What is left is to keep two bits of it, with AND.",
      },
    },
    {
      id = "choose_exits",
      kind = "configure",
      title = "Make it trap after all",
      question = function(_, facts)
        return "Under hardware-assisted virtualization the monitor chooses what exits. Choose the controls for the kernel of lane "
          .. "hardware so that it exits for " .. wanted[facts.wanted] .. ", and for nothing else that it did not exit for before. "
          .. "`scripts/trapline list` names them, under \"Controls of the modelled processor\". Answer with a table of them, such as "
          .. "{ hlt_exiting = true, invlpg_exiting = true }."
      end,
      answer = "table",
      points = 2,
      hints = {
        "Read what the list says of each control: an instruction either loads (writes) a register or stores (reads) it.",
        "MOV from CR3 stores the register: cr3_store_exiting. SGDT, SIDT, SLDT and STR have one control together with the "
          .. "loads of the same registers: descriptor_table_exiting.",
      },
    },
  },
}
