-- The guests of lab 02: small kernels, assembled here, so that lab.lua, its check and a curious learner use the same bytes.
--
-- All of them have one frame: code from 0x100000 on, an interrupt descriptor table (IDT) at 0x104000 whose gates are made
-- from the labels that the code gives, and the pointer that LIDT loads right before it. The exit port 0xf4 ends a run; 0 is
-- success, and every other number is listed in `exit_codes`, so that a failed run can say what the guest did not like.
local variants = require "variants"

local random_of, shuffled = variants.stream, variants.shuffled
local guests = {}

guests.origin = 0x100000
guests.idt = 0x104000
guests.idt_pointer = guests.idt - 16
guests.device = 0x510 -- the lab's little device: a data port, and a counter behind it

-- ---- the frame -----------------------------------------------------------------------------------------------------
-- A gate of the IDT, 16 bytes (Intel SDM, volume 3, "64-Bit Mode IDT"). `over` changes single fields.
function guests.gate(handler, over)
  over = over or {}
  local present = over.present == false and 0 or 0x80
  local privilege = (over.dpl or 0) << 5
  local low = (handler & 0xffff) | (over.selector or 0x08) << 16
    | (present | privilege | (over.kind or 0xe)) << 40 | (handler >> 16 & 0xffff) << 48
  return ("<I8I8"):pack(low, handler >> 32)
end

-- `gates`: vector -> {label, fields of guests.gate}. Gives what trapline.run takes as `code`, and the labels.
local function kernel(text, gates)
  local bytes, labels = trapline.assemble(text, guests.origin)
  local room = guests.idt_pointer - guests.origin
  assert(#bytes <= room, "the guest is longer than the room below its IDT")
  local vectors = 0x80
  local parts = { bytes, ("\x90"):rep(room - #bytes), ("<I2I8"):pack(vectors * 16 - 1, guests.idt), ("\0"):rep(6) }
  for vector = 0, vectors - 1 do
    local row = gates[vector]
    parts[#parts + 1] = row and guests.gate(labels[row[1]], row[2]) or ("\0"):rep(16)
  end
  return table.concat(parts), labels
end

local function options(code, seed, more)
  local run = { code = code, technique = "full", translation = false, level = "exits", seed = seed, budget = 200000 }
  for key, value in pairs(more or {}) do run[key] = value end
  return run
end

-- ---- the guest of the lanes trapped, translated and hardware -----------------------------------------------------------
-- Three parts: a listing that begins at 0x101000 (label probe), a loop of privileged instructions (work), and questions to
-- the processor whose answers the guest knows beforehand (ask).
local silent = { "smsw r8d", "mov r9d, cs", "str r10d", "sgdt [0x8800]", "pushfq", "sidt [0x8800]", "mov r11d, ss" }
local loud = {
  function(random) return ("int 0x%x"):format(0x40 + random(16)) end,
  function() return "cli" end,
  function(random) return ("int 0x%x"):format(0x50 + random(16)) end,
  function(random) return ({ "mov rax, cr0", "mov rax, cr3", "mov rax, cr4" })[random(3) + 1] end,
  function(random) return ("int 0x%x"):format(0x60 + random(16)) end,
  function() return "in al, 0x61" end,
}

-- The listing: lines of text, and which of them is the first that a deprivileged kernel does not get past alone.
function guests.listing(seed)
  local random = random_of(seed, 1)
  local lines = { "mov edx, 0x510", "nop", "xor eax, eax" }
  lines = { lines[random(3) + 1] }
  for i, line in ipairs(shuffled(silent, random)) do
    if i <= 1 + random(5) then lines[#lines + 1] = line end
  end
  local first = #lines + 1
  lines[first] = loud[random(#loud) + 1](random)
  lines[#lines + 1] = loud[random(#loud) + 1](random)
  lines[#lines + 1] = "nop"
  return lines, first
end

-- Questions, by the number that the guest announces. Each leaves what it saw in EAX; `right` is what a kernel that has the
-- machine for itself would see. RFLAGS.IF is bit 9.
local questions = {
  { name = "PUSHFQ after CLI", code = { "cli", "pushfq", "pop rax", "shr eax, 9", "and eax, 1" }, right = 0 },
  { name = "MOV from CS", code = { "mov eax, cs" }, right = 0x08 },
  { name = "STR", code = { "str eax" }, right = 0x18 },
  { name = "SGDT", code = { "sgdt [0x8800]", "mov eax, [0x8802]" }, right = 0x500 },
  { name = "SIDT", code = { "sidt [0x8800]", "mov eax, [0x8802]" }, right = guests.idt },
  { name = "PUSHFQ after STI", code = { "sti", "nop", "pushfq", "pop rax", "shr eax, 9", "and eax, 1", "cli" }, right = 1 },
  { name = "MOV from CR3", code = { "mov rax, cr3" }, right = 0x1000 },
  { name = "SMSW", code = { "smsw eax", "and eax, 1" }, right = 1 },
}
guests.questions = questions
guests.ports = { number = 0x520, right = 0x524, seen = 0x528 } -- where the guest reports a question

local function asked(numbers)
  local lines = {}
  for _, number in ipairs(numbers) do
    local question = questions[number]
    for _, line in ipairs { ("mov eax, %d"):format(number), "mov edx, 0x520", "out dx, eax" } do lines[#lines + 1] = line end
    for _, line in ipairs { ("mov eax, 0x%x"):format(question.right), "mov edx, 0x524", "out dx, eax" } do
      lines[#lines + 1] = line
    end
    for _, line in ipairs(question.code) do lines[#lines + 1] = line end
    for _, line in ipairs { "mov edx, 0x528", "out dx, eax" } do lines[#lines + 1] = line end
  end
  return table.concat(lines, "\n")
end

-- How often each instruction stands in one turn of the loop, and how many turns there are.
function guests.work_of(seed)
  local random = random_of(seed, 2)
  return { turns = 3 + random(6), ["in"] = 1 + random(3), mov_from_cr = 1 + random(2), clts = 1 + random(2) }
end

local function work(seed)
  local plan = guests.work_of(seed)
  return table.concat({
    ("mov ebx, %d"):format(plan.turns),
    "turn:",
    "cli", -- a critical section of the guest's
    ("in al, 0x61\n"):rep(plan["in"]),
    ("mov rax, cr3\n"):rep(plan.mov_from_cr),
    ("clts\n"):rep(plan.clts),
    "sti",
    "nop", -- the instruction after STI is in its shadow
    "dec ebx",
    "jnz turn",
  }, "\n")
end

local function asking(seed, parts)
  return kernel(([[
start:
  lidt [abs 0x%x]
  jmp probe
  align 4096
probe:
%s
  jmp work
  align 4096
work:
%s
ask:
%s
finish:
  mov dx, 0xf4
  xor eax, eax
  out dx, eax
  align 16
on_int:
  iretq
]]):format(guests.idt_pointer, parts.probe, parts.work, parts.ask), parts.gates)
end

local function int_gates()
  local gates = {}
  for vector = 0x40, 0x6f do gates[vector] = { "on_int" } end
  return gates
end

function guests.kernel(seed)
  local numbers = shuffled({ 1, 2, 3, 4, 5, 6, 7, 8 }, random_of(seed, 3))
  return asking(seed, {
    probe = table.concat(guests.listing(seed), "\n"),
    work = work(seed),
    ask = asked(numbers),
    gates = int_gates(),
  })
end

-- A guest that asks only these questions.
function guests.asks(numbers)
  return (asking(0, { probe = "nop", work = "nop", ask = asked(numbers), gates = int_gates() }))
end

function guests.lane(seed, more) return options(guests.kernel(seed), seed, more) end
function guests.asking_lane(numbers, more) return options(guests.asks(numbers), 1, more) end

-- ---- the guest of lane flag: CLI and STI, and a program that tries one --------------------------------------------------
-- INT 0x40 tells the truth about RFLAGS.IF, since the monitor builds its frame from the virtual RFLAGS.
guests.flag_exit_codes = {
  [1] = "after CLI the guest's RFLAGS.IF is still 1",
  [2] = "after STI the guest's RFLAGS.IF is still 0",
  [3] = "CLI or STI changed another flag of RFLAGS than IF (the guest had set CF)",
  [4] = "a user program executed CLI and got past it: it must get #GP(0), as on the bare machine",
  [5] = "the guest's #GP handler was called for something else than the program's CLI with error code 0",
  [6] = "CLI or STI changed a general-purpose register",
}

function guests.flag(seed)
  local random = random_of(seed, 4)
  local turns = 2 + random(4)
  return kernel(([[
start:
  lidt [abs 0x%x]
  mov ebx, %d
  mov r12, 0x123456789abcdef
turn:
  mov rcx, r12
  stc
  cli
  jnc flag_lost
  int 0x40
  test eax, 0x200
  jnz still_on
  stc
  sti
  jnc flag_lost
  nop
  int 0x40
  test eax, 0x200
  jz still_off
  cmp rcx, r12
  jne register_lost
  dec ebx
  jnz turn

  ; a program at CPL 3: the first 2 MiB for users, descriptors for it, a stack for the way back
  or dword [abs 0x1000], 4
  or dword [abs 0x2000], 4
  or dword [abs 0x3000], 4
  mov rax, cr3
  mov cr3, rax
  lgdt [rel gdt_pointer]
  mov qword [abs 0x584], 0x9000
  push 0x33
  push 0x8000
  push 0x2
  push 0x2b
  lea rax, [rel program]
  push rax
  iretq

still_on:
  mov eax, 1
  jmp finish
still_off:
  mov eax, 2
  jmp finish
flag_lost:
  mov eax, 3
  jmp finish
register_lost:
  mov eax, 6
  jmp finish
finish:
  mov edx, 0xf4
  out dx, eax

  align 16
on_ask:                 ; what the interrupted code had in RFLAGS
  mov rax, [rsp+16]
  iretq
on_past:                ; the program got past its CLI
  mov eax, 4
  jmp finish
on_gp:
  lea rcx, [rel program]
  cmp qword [rsp], 0
  jne wrong_fault
  cmp [rsp+8], rcx
  jne wrong_fault
  xor eax, eax
  jmp finish
wrong_fault:
  mov eax, 5
  jmp finish

  align 4096
program:
  cli
  int 0x41
  align 16
gdt: dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff
  dq 0x00008b0005800067, 0
  dq 0x00affb000000ffff, 0x00cff3000000ffff
gdt_pointer: dw 55
  dq gdt
]]):format(guests.idt_pointer, turns), {
    [13] = { "on_gp" },
    [0x40] = { "on_ask" },
    [0x41] = { "on_past", { dpl = 3 } },
  })
end

function guests.flag_lane(seed, more) return options((guests.flag(seed)), seed, more) end

-- ---- the guest of lane device: a latch behind two ports -------------------------------------------------------------------
guests.device_exit_codes = {
  [1] = "the data port gave something else than the last byte written, XOR the key",
  [2] = "IN AL, DX changed more of RAX than AL",
  [3] = "the counter port gave something else than the number of bytes written to the data port so far",
  [4] = "OUT changed RAX or RDX",
}

function guests.key(seed) return 1 + random_of(seed, 5)(255) end

function guests.device_code(seed)
  local random, key = random_of(seed, 6), guests.key(seed)
  local turns = {}
  for turn = 1, 3 + random(3) do
    local byte = random(256)
    turns[turn] = ([[
  mov edx, 0x510
  mov rax, 0x%x
  mov rcx, rax
  out dx, al
  cmp rax, rcx
  jne changed
  cmp edx, 0x510
  jne changed
  mov rax, 0x%x
  mov rcx, rax
  in al, dx
  mov cl, 0x%x
  cmp al, cl
  jne wrong_byte
  cmp rax, rcx
  jne wide
  mov edx, 0x511
  in al, dx
  cmp al, %d
  jne wrong_count
]]):format(0x1122334455667700 | byte, 0x778899aabbccdd00 | random(256), byte ~ key, turn)
  end
  return kernel(([[
start:
  lidt [abs 0x%x]
  mov edx, 0xe0
  mov eax, 0x04000001   ; marker: sensitive instructions, 1
  out dx, eax
%s
  mov edx, 0xe0
  mov eax, 0x04800001   ; the same, over
  out dx, eax
  xor eax, eax
  jmp finish
wrong_byte:
  mov eax, 1
  jmp finish
wide:
  mov eax, 2
  jmp finish
wrong_count:
  mov eax, 3
  jmp finish
changed:
  mov eax, 4
finish:
  mov edx, 0xf4
  out dx, eax
]]):format(guests.idt_pointer, table.concat(turns)), {})
end

function guests.device_lane(seed, more) return options((guests.device_code(seed)), seed, more) end

-- ---- the guest of lane broken: one gate of its IDT is wrong -----------------------------------------------------------------
local defects = { { present = false }, { selector = 0x10 }, { kind = 0xc } }
local faults = { { vector = 6, code = "ud2", name = "#UD" }, { vector = 0, code = "div ecx", name = "#DE" } }

function guests.broken_plan(seed)
  local random = random_of(seed, 7)
  return faults[random(#faults) + 1], defects[random(#defects) + 1], 1 + random(3)
end

function guests.broken(seed)
  local fault, defect, times = guests.broken_plan(seed)
  local code, labels = kernel(([[
start:
  lidt [abs 0x%x]
  xor ebx, ebx
  xor ecx, ecx
%s
  mov eax, %d
  sub eax, ebx            ; 0 when the handler ran each time
  mov edx, 0xf4
  out dx, eax
  align 256
on_fault:
  inc ebx
  add qword [rsp], 2      ; past the instruction that faulted
  iretq
]]):format(guests.idt_pointer, (fault.code .. "\n"):rep(times), times), { [fault.vector] = { "on_fault", defect } })
  return code, labels.on_fault, fault, times
end

function guests.broken_lane(seed, more) return options((guests.broken(seed)), seed, more) end

return guests
