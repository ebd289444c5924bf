-- Lab 02: a kernel without its privilege, and a monitor that acts in its place.
-- The guests are assembled in scripts/lua/lab02_guests.lua, where each is commented line by line.
local guests = require "lab02_guests"

-- The words of the emulation events that task trap_bill asks for.
local words = { "cli", "sti", "in", "clts", "mov_from_cr" }

local function listing_text(seed)
  local lines, place = {}, 0x101000
  for number, line in ipairs((guests.listing(seed))) do
    lines[number] = ("(%d) at 0x%x: %s"):format(number, place, line)
    place = place + #trapline.assemble(line, place)
  end
  return table.concat(lines, "; ")
end

return {
  title = "Trap and emulate",
  summary = "A kernel at CPL 3 and a monitor that carries out what faults: which instructions trap, what an emulator "
    .. "must check, and which instructions never ask.",
  minutes = 15,

  lanes = function(seed)
    return {
      -- One kernel, three ways. Only the first is pure trap and emulate.
      trapped = guests.lane(seed),
      translated = guests.lane(seed, { translation = true }),
      hardware = (function()
        local options = guests.lane(seed, { technique = "hardware" })
        options.translation = nil
        return options
      end)(),
      -- The guests of the handler tasks, as they fare without a handler of yours.
      flag = guests.flag_lane(seed),
      device = guests.device_lane(seed),
      -- The guest of the repair task: it does not survive its first fault.
      broken = guests.broken_lane(seed),
    }
  end,

  -- What the questions speak of under a seed; zh.lua gets the same.
  facts = function(seed)
    local fault = guests.broken_plan(seed)
    local _, handler = guests.broken(seed)
    return {
      listing = listing_text(seed), key = guests.key(seed), word = words[3 + seed % 3],
      fault = fault.name, vector = fault.vector, idt = guests.idt, handler = handler,
    }
  end,

  tasks = {
    {
      id = "first_trap",
      kind = "predict",
      title = "The first instruction that traps",
      question = function(_, facts)
        return "The kernel of lane trapped has loaded its IDT and jumps to address 0x101000, where this stands: "
          .. facts.listing
          .. ". It believes that it runs at CPL 0; it really runs at CPL 3. Page faults aside, which line is the first that "
          .. "traps, with which vector, and with which error code? Answer with a table of three numbers, such as "
          .. "{ line = 7, vector = 6, error_code = 0 }."
      end,
      answer = "table",
      points = 2,
      lane = "trapped",
      at = "trap.rip in 0x101000..0x101fff and trap.vector != PF",
      hints = {
        "Go down the lines and ask of each: does CPL 3 forbid it? Reading a register that is merely embarrassing to show "
          .. "is not forbidden.",
        "What CPL 3 may not do: the list in SDM volume 3, \"Privileged Instructions\", and CLI, STI, IN and OUT (volume 1, "
          .. "\"I/O Privilege Level\"). INT n is on neither: it faults because of the table that the processor looks into, "
          .. "which is the monitor's and lets CPL 3 through no gate.",
        "What is privileged gives #GP, vector 13, with error code 0. An INT n that its gate forbids gives #GP too, and the "
          .. "error code names the gate: n * 8 + 2.",
      },
    },
    {
      id = "trap_bill",
      kind = "measure",
      title = "What the kernel costs, by instruction",
      question = "In lane trapped, how many traps does each of these instructions cost over the whole run: cli, sti, in, "
        .. "clts, mov_from_cr? Each trap of this kind is followed by one event emulation whose field `way` is privileged "
        .. "and whose field `instruction` is the word. Answer with a table, such as "
        .. "{ cli = 2, sti = 2, [\"in\"] = 4, clts = 1, mov_from_cr = 1 }.",
      answer = "table",
      points = 2,
      hints = {
        "Count what was executed, not what stands in the listing: the loop turns several times.",
        "`trapline events trapline-out/02-trap-and-emulate/trapped.trap --kind emulation` prints them (`trapline run 02` "
          .. "records the lane and says where).",
        "In Lua: lab.lanes.trapped:count(\"emulation.instruction == cli and emulation.way == privileged\"), or "
          .. ":group(\"emulation.way == privileged\", \"instruction\") for all words at once.",
      },
    },
    {
      id = "virtual_flag",
      kind = "handler",
      title = "Emulate CLI and STI",
      question = "Write the trap handler of a monitor. For a CLI or an STI of the guest's kernel it changes bit 9 (IF) of the "
        .. "guest's RFLAGS and nothing else, goes past the instruction, and returns true. What it does not want to decide it "
        .. "leaves to the monitor by returning false. At the end of this guest a program at CPL 3 executes CLI too. Answer "
        .. "with function(call): call.mnemonic is a text such as \"cli\", call.in_kernel is true for the guest's kernel "
        .. "and false for a program, call.registers.rflags can be read and assigned, call:skip() goes past the instruction.",
      answer = "function",
      points = 3,
      hints = {
        "Three things to decide on: whose instruction is it, which bit changes, and where does the guest go on?",
        "rflags | 0x200 sets bit 9, rflags & ~0x200 clears it. The program's CLI is the guest's own fault: leave it to the "
          .. "monitor (return false), or raise it: call:fault(13, 0) and return true.",
        "if call.in_kernel and call.mnemonic == \"cli\" then call.registers.rflags = call.registers.rflags & ~0x200; "
          .. "call:skip(); return true end",
      },
    },
    {
      id = "small_device",
      kind = "handler",
      title = "Emulate a device behind two ports",
      question = function(_, facts)
        return ("The guest of lane device talks to a device that does not exist: a data port 0x510 and a counter port 0x511. "
          .. "Write the trap handler that makes it exist. OUT DX, AL to 0x510 stores AL in the device; IN AL, DX from 0x510 "
          .. "gives the last stored byte XOR 0x%02x; IN AL, DX from 0x511 gives how many bytes have been stored so far. IN "
          .. "changes AL alone. All other ports belong to the monitor: the guest uses two of them. Answer with "
          .. "function(call): call.mnemonic is \"in\" or \"out\", the port is in DX, the data in AL (the low bits of "
          .. "call.registers.rdx and call.registers.rax).")
          :format(facts.key)
      end,
      answer = "function",
      points = 3,
      hints = {
        "The device needs a memory of its own: a local variable outside the function keeps its value from trap to trap.",
        "DX is call.registers.rdx & 0xffff. To change AL alone: rax = (rax & ~0xff) | byte. Return false for ports that are "
          .. "not yours, or the guest can never end.",
        "For IN from 0x510: r.rax = (r.rax & ~0xff) | (stored ~ key), then call:skip() and return true. In Lua ~ between "
          .. "two numbers is XOR.",
      },
    },
    {
      id = "bill_with_handler",
      kind = "measure",
      title = "What a handler saves",
      question = function(_, facts)
        return ("Suppose that lane trapped runs again with a handler of yours that carries out every %s of the kernel, as the "
          .. "monitor would, and leaves the rest to the monitor. How many exceptions (trap events with trap_kind exception, "
          .. "page faults included) will the run have, and how many emulation events? Answer with a table, such as "
          .. "{ exceptions = 12, emulations = 30 }. An expression over lab.lanes.trapped is welcome.")
          :format(facts.word)
      end,
      answer = "table",
      points = 2,
      hints = {
        "Who makes the exception: the processor or the one that answers it?",
        "The processor does not know who answers. Only the monitor's own emulations become fewer, by those that you do.",
        "exceptions = trapped:count(\"trap.trap_kind == exception\"); emulations = trapped:count(\"emulation\") less the "
          .. "emulations of that one word.",
      },
    },
    {
      id = "mended_gate",
      kind = "repair",
      title = "Mend a gate of the guest's IDT",
      question = function(_, facts)
        return ("The guest of lane broken dies at its first %s (vector %d): the gate for it, in the guest's IDT at 0x%x, is "
          .. "wrong in one field. Mend the gate, and nothing else. Answer with function(machine), which is called after the "
          .. "guest is loaded and before its first instruction: machine:read64(gpa) and machine:write64(gpa, value) reach "
          .. "its memory. Gate n lies at 0x%x + 16 * n. Its handler, which is fine, lies at 0x%x; the kernel's code "
          .. "segment is selector 0x08. The fields of a gate: SDM volume 3, \"64-Bit Mode IDT\", or the first hint. print in the "
          .. "function shows you what you read.")
          :format(facts.fault, facts.vector, facts.idt, facts.idt, facts.handler)
      end,
      answer = "function",
      points = 3,
      hints = {
        "The 8 bytes at the gate's start hold, from the lowest bit: 16 bits offset, 16 bits selector, 3 bits IST, 5 zeroes, "
          .. "4 bits type, a zero, 2 bits DPL, the present bit, 16 more bits of offset. Print them: "
          .. "print((\"%016x\"):format(machine:read64(...))).",
        "A gate that works here has selector 0x08 (bits 31:16), type 0xe, an interrupt gate (bits 43:40), and the present "
          .. "bit set (bit 47). Which of the three differs?",
        "All three at once: value = (value & ~0xffff0000 & ~(0xf << 40)) | 0x08 << 16 | 0xe << 40 | 1 << 47.",
      },
    },
    {
      id = "deceived",
      kind = "explain",
      title = "Where was the guest deceived?",
      question = "The kernel asks the processor questions whose right answers it knows, and reports each by three OUTs: the "
        .. "question's number to port 0x520, the right answer to port 0x524, what it saw to port 0x528. Every OUT is an "
        .. "event port_io with the fields port and value. Answer with function(trace) that returns the list of the numbers of "
        .. "those questions in which the guest saw something else than what is right, in any order; an empty list where it "
        .. "was never deceived. It is called with lanes trapped, translated and hardware, and with runs of other kernels that "
        .. "ask other questions. Example of a result: { 4, 2 }.",
      answer = "function",
      points = 3,
      hints = {
        "An instruction that did not trap is not yet a deception: its answer may happen to be right. What did the guest see?",
        "for event in trace:events(\"port_io\") do ... end visits the OUTs in order; remember the number and the right answer "
          .. "until the third OUT comes.",
        "if event.port == 0x528 and event.value ~= right then list[#list + 1] = number end",
      },
    },
  },
}
