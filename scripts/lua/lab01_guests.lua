-- The guests of lab 01: kernels of a few dozen instructions, assembled here, so that lab.lua, its check and a curious
-- learner use the same bytes. All begin at 0x100000 as the lab PC enters them: 64-bit mode, CPL 0 by their own belief,
-- GDT at 0x500 with the kernel's code segment at 0x08 and its data at 0x10, task register 0x18, interrupts off.
-- They report by OUT to two ports that no device owns, and end by OUT to the exit port 0xf4.
local variants = require "variants"

local random_of, shuffled = variants.stream, variants.shuffled
local guests = {}

guests.origin = 0x100000
guests.ports = { believed = 0x520, seen = 0x524, line = 0x528 }
guests.listing_at = 0x101000
guests.learner_at = 0x102000

local function lane(code, seed, more)
  local options = { code = code, technique = "full", translation = false, level = "instructions", seed = seed, budget = 20000 }
  for key, value in pairs(more or {}) do options[key] = value end
  if options.technique ~= "full" then options.translation = nil end
  return options
end

-- OUT of EAX to a port; EDX is lost.
local function out(port) return ("mov edx, 0x%x\nout dx, eax\n"):format(port) end
local finish = "finish:\nmov edx, 0xf4\nxor eax, eax\nout dx, eax\n"

-- ---- the listing of task before_it_runs: four lines, each executed once ---------------------------------------------------
-- `text` is the line under test; `before` prepares it and `after` leaves in EAX what it told or did.
guests.lines = {
  { text = "cli" },
  { text = "mov rax, cr0" },
  { text = "mov rax, cr3" },
  { text = "rdmsr", before = "mov ecx, 0xc0000080", note = "with ECX = 0xc0000080, the MSR EFER" },
  { text = "in al, 0x61" },
  { text = "clts" },
  { text = "invlpg [0x8000]" },
  { text = "lidt [0x8810]" },
  { text = "sgdt [0x8800]", after = "mov eax, [0x8802]" },
  { text = "str eax" },
  { text = "mov eax, cs" },
  { text = "mov eax, ss" },
  { text = "pushfq", after = "pop rax", note = "with IF = 0, or so the guest believes" },
  { text = "popfq", before = "push 0x3002", after = "pushfq\npop rax\nand eax, 0x3000",
    note = "with 0x3002 on the stack: IOPL = 3" },
  { text = "sldt eax" },
  { text = "smsw eax" },
  { text = "mov eax, ds" },
}
-- Where each sort begins, so that a listing can have all three. The check measures, and does not look here.
local first_of = { GP = 1, other = 9, same = 15 }

-- Four rows of guests.lines, of every sort at least one.
function guests.listing(seed)
  local random = random_of(seed, 1)
  local GP, other, same, count = first_of.GP, first_of.other, first_of.same, #guests.lines
  local chosen = { GP + random(other - GP), other + random(same - other), same + random(count - same + 1) }
  repeat
    chosen[4] = 1 + random(count)
  until chosen[4] ~= chosen[1] and chosen[4] ~= chosen[2] and chosen[4] ~= chosen[3]
  local rows = {}
  for i, index in ipairs(shuffled(chosen, random)) do rows[i] = guests.lines[index] end
  return rows
end

-- The bytes, and the address of each line.
function guests.listing_code(seed)
  local parts = { "jmp listing\nalign 4096\nlisting:\n" }
  for i, row in ipairs(guests.listing(seed)) do
    parts[#parts + 1] = ("xor eax, eax\n%s\nline%d: %s\n%s\n%s"):format(row.before or "", i, row.text, row.after or "",
      out(guests.ports.line))
  end
  local bytes, labels = trapline.assemble(table.concat(parts) .. finish, guests.origin)
  local addresses = {}
  for i = 1, 4 do addresses[i] = labels["line" .. i] end
  return bytes, addresses
end

function guests.listing_lane(seed, more)
  more = more or {}
  more.level = "exits" -- the pause shows what came before; single instructions would tell too much
  return lane((guests.listing_code(seed)), seed, more)
end

-- ---- the guest of lanes trapped, translated and hardware: it asks the processor what it has set itself ----------------------
-- Each question leaves the answer in EAX. `believed` is what the kernel set before, or found when it began.
-- Where the tables lie is the seed's choice: "gdt" and "idt" stand for those places.
guests.questions = {
  { name = "MOV from CS", code = "mov eax, cs", believed = 0x08 },
  { name = "SGDT", code = "sgdt [0x8800]\nmov eax, [0x8802]", believed = "gdt" },
  { name = "PUSHFQ after CLI", code = "cli\npushfq\npop rax\nand eax, 0x200", believed = 0 },
  { name = "MOV from CR3", code = "mov rax, cr3", believed = 0x1000 },
  { name = "MOV from SS", code = "mov eax, ss", believed = 0x10 },
  { name = "STR", code = "str eax", believed = 0x18 },
  { name = "SIDT", code = "sidt [0x8800]\nmov eax, [0x8802]", believed = "idt" },
  { name = "POPFQ that sets IOPL", code = "push 0x3002\npopfq\npushfq\npop rax\npush 2\npopfq\nand eax, 0x3000",
    believed = 0x3000 },
  { name = "SMSW", code = "smsw eax\nand eax, 1", believed = 1 },
  { name = "SLDT", code = "sldt eax", believed = 0 },
  { name = "PUSHFQ after STI", code = "sti\nnop\npushfq\npop rax\nand eax, 0x200\ncli", believed = 0x200 },
  { name = "RDMSR of EFER", code = "mov ecx, 0xc0000080\nrdmsr", believed = 0xd01 },
}
guests.always = 4 -- the lesson tells of the first four; of the others each seed leaves some out

function guests.plan(seed)
  local random = random_of(seed, 2)
  local others, numbers = {}, { 1, 2, 3, 4 }
  for i = guests.always + 1, #guests.questions do others[#others + 1] = i end
  others = shuffled(others, random)
  for i = 1, 5 do numbers[guests.always + i] = others[i] end
  return {
    gdt = 0x6000 + random(64) * 16, idt = 0x5000 + random(64) * 16, turns = 2 + random(4),
    numbers = shuffled(numbers, random),
  }
end

-- `numbers`: which questions, in which order. All are asked once in a turn.
function guests.asking(plan, numbers)
  local parts = { ([[
  mov dword [0x8822], 0x%x     ; a GDT pointer: limit and base
  mov word [0x8820], 0x27
  mov dword [0x8826], 0
  mov dword [0x8832], 0x%x     ; an IDT pointer
  mov word [0x8830], 0xff
  mov dword [0x8836], 0
  mov rsi, 0x500               ; the GDT moves to where this kernel wants it
  mov rdi, 0x%x
  mov ecx, 5
  rep movsq
  lgdt [0x8820]
  lidt [0x8830]
  mov ebx, %d
turn:
]]):format(plan.gdt, plan.idt, plan.gdt, plan.turns) }
  for _, number in ipairs(numbers or plan.numbers) do
    local question = guests.questions[number]
    local believed = plan[question.believed] or question.believed
    parts[#parts + 1] = ("mov eax, 0x%x\n%s%s\n%s"):format(believed, out(guests.ports.believed), question.code,
      out(guests.ports.seen))
  end
  parts[#parts + 1] = "dec ebx\njnz turn\n" .. finish
  return (trapline.assemble(table.concat(parts), guests.origin))
end

function guests.lane(seed, more) return lane(guests.asking(guests.plan(seed)), seed, more) end
function guests.asking_lane(seed, numbers, more) return lane(guests.asking(guests.plan(seed), numbers), seed, more) end

-- ---- the guest of task find_out: a kernel around the learner's lines --------------------------------------------------------
-- `kernel.selector`: 0x08 or 0x28, both in a GDT of its own (0x18 is the task state, 16 bytes long);
-- `kernel.interrupts`: whether RFLAGS.IF is 1.
-- Gives the bytes, where the learner's lines begin, and where they end.
function guests.around(text, kernel)
  local bytes, labels = trapline.assemble(([[
  cld
  lgdt [rel gdt_pointer]
  push 0x%x
  lea rax, [rel reloaded]
  push rax
  retfq
reloaded:
  mov esp, 0x9000
  mov dword [0x8800], 0x55555555
  mov eax, 0x77777777
  %s
  jmp learner
  align 16
gdt: dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff
  dq 0x00008b0005800067, 0
  dq 0x00af9b000000ffff
gdt_pointer: dw 47
  dq gdt
  align 4096
  times 4096 db 0x90
learner:
]]):format(kernel.selector, kernel.interrupts and "sti\nnop" or "cli"), guests.origin)
  local own, own_labels = trapline.assemble(text, guests.learner_at)
  local tail = trapline.assemble(out(guests.ports.line) .. finish, guests.learner_at + #own)
  assert(labels.learner == guests.learner_at and own_labels)
  return bytes .. own .. tail, guests.learner_at, guests.learner_at + #own
end

function guests.around_lane(text, kernel, seed, more)
  local bytes, first, past = guests.around(text, kernel)
  return lane(bytes, seed, more), first, past
end

return guests
