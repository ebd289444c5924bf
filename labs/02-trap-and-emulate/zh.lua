-- 实验 02 的中文文字。运行什么、什么算对，都在 lab.lua 和 check.lua 中。
return {
  title = "陷入并模拟",
  summary = "内核在 CPL 3，监控器代为执行引发异常的指令：哪些指令会陷入，模拟时必须检查什么，哪些指令从不来问。",
  tasks = {
    first_trap = {
      title = "第一条陷入的指令",
      question = function(_, facts)
        return "泳道 trapped 的内核已经加载了 IDT，然后跳到地址 0x101000，那里是：" .. facts.listing
          .. "。它以为自己在 CPL 0 运行，实际上在 CPL 3 运行。撇开缺页不算，最先陷入的是哪一行，向量是多少，错误码是多少？"
          .. "请用三个数的表回答，例如 { line = 7, vector = 6, error_code = 0 }。"
      end,
      hints = {
        "逐行往下看，对每一行问：CPL 3 禁止它吗？读一个只是不便示人的寄存器，并没有被禁止。",
        "CPL 3 不能做什么：见 SDM 第 3 卷“Privileged Instructions”中的清单，以及 CLI、STI、IN、OUT（第 1 卷“I/O Privilege Level”）。"
          .. "INT n 不在这两处：它引发异常，是因为处理器查的那张表是监控器的，而它不让 CPL 3 通过任何门。",
        "特权指令引发 #GP，向量 13，错误码 0。门不允许的 INT n 也引发 #GP，而错误码指出是哪个门：n * 8 + 2。",
      },
    },
    trap_bill = {
      title = "内核的代价，按指令计",
      question = "在泳道 trapped 中，下列指令在整次运行中各引起多少次陷入：cli、sti、in、clts、mov_from_cr？每次这样的陷入之后都有一个 "
        .. "emulation 事件，其字段 `way` 是 privileged，字段 `instruction` 是这个词。请用表回答，例如 "
        .. "{ cli = 2, sti = 2, [\"in\"] = 4, clts = 1, mov_from_cr = 1 }。",
      hints = {
        "要数执行过的，而不是清单里写着的：循环会转好几圈。",
        "`trapline events trapline-out/02-trap-and-emulate/trapped.trap --kind emulation` 把它们打印出来（`trapline run 02` 记录这条泳道，并说明在哪里）。",
        "用 Lua：lab.lanes.trapped:count(\"emulation.instruction == cli and emulation.way == privileged\")，或者用 "
          .. ":group(\"emulation.way == privileged\", \"instruction\") 一次得到所有的词。",
      },
    },
    virtual_flag = {
      title = "模拟 CLI 和 STI",
      question = "请写监控器的陷入处理函数。遇到客户机内核的 CLI 或 STI 时，它改变客户机 RFLAGS 的位 9（IF），此外什么也不改，然后越过这条指令，"
        .. "返回 true。不想决定的，就返回 false 交给监控器。这个客户机在最后还有一个 CPL 3 的程序，也执行 CLI。请用 function(call) 回答："
        .. "call.mnemonic 是文本，例如 \"cli\"；call.in_kernel 对客户机的内核为 true，对程序为 false；call.registers.rflags 可以读，也可以赋值；"
        .. "call:skip() 越过这条指令。",
      hints = {
        "有三件事要决定：这是谁的指令，哪一位要变，客户机从哪里继续？",
        "rflags | 0x200 置位位 9，rflags & ~0x200 清零它。程序的 CLI 是客户机自己的错误：交给监控器（返回 false），或者引发异常：call:fault(13, 0) 并返回 true。",
        "if call.in_kernel and call.mnemonic == \"cli\" then call.registers.rflags = call.registers.rflags & ~0x200; call:skip(); return true end",
      },
    },
    small_device = {
      title = "模拟两个端口背后的设备",
      question = function(_, facts)
        return ("泳道 device 的客户机与一个不存在的设备对话：数据端口 0x510 和计数端口 0x511。请写陷入处理函数，让这个设备存在。"
          .. "写到 0x510 的 OUT DX, AL 把 AL 存进设备；从 0x510 读的 IN AL, DX 给出最后存入的字节 XOR 0x%02x；从 0x511 读的 IN AL, DX 给出"
          .. "到目前为止存入了多少个字节。IN 只改变 AL。其他端口都归监控器：这个客户机用到其中两个。请用 function(call) 回答："
          .. "call.mnemonic 是 \"in\" 或 \"out\"，端口在 DX 中，数据在 AL 中（即 call.registers.rdx 和 call.registers.rax 的低位）。")
          :format(facts.key)
      end,
      hints = {
        "设备需要自己的记忆：函数之外的局部变量，会在一次次陷入之间保留它的值。",
        "DX 是 call.registers.rdx & 0xffff。只改变 AL：rax = (rax & ~0xff) | byte。不属于你的端口要返回 false，否则客户机永远结束不了。",
        "从 0x510 读的 IN：r.rax = (r.rax & ~0xff) | (stored ~ key)，然后 call:skip() 并返回 true。在 Lua 中，两个数之间的 ~ 是异或。",
      },
    },
    bill_with_handler = {
      title = "处理函数省下了什么",
      question = function(_, facts)
        return ("假设泳道 trapped 再运行一次，带着你的处理函数：它代为执行内核的每一条 %s，做法与监控器一样，其余的交给监控器。"
          .. "这次运行会有多少次异常（trap_kind 为 exception 的 trap 事件，包括缺页），多少个 emulation 事件？请用表回答，例如 "
          .. "{ exceptions = 12, emulations = 30 }。也欢迎用关于 lab.lanes.trapped 的表达式。"):format(facts.word)
      end,
      hints = {
        "异常由谁引发：是处理器，还是对它作答的一方？",
        "处理器并不知道由谁作答。变少的只有监控器自己的模拟，少的就是由你来做的那些。",
        "exceptions = trapped:count(\"trap.trap_kind == exception\")；emulations = trapped:count(\"emulation\") 减去这个词的模拟次数。",
      },
    },
    mended_gate = {
      title = "修好客户机 IDT 中的一个门",
      question = function(_, facts)
        return ("泳道 broken 的客户机在第一次 %s（向量 %d）时就死掉：它的 IDT 在 0x%x，其中对应的那个门有一个字段是错的。请修好这个门，别的都不要动。"
          .. "请用 function(machine) 回答；它在客户机装入之后、第一条指令之前被调用：machine:read64(gpa) 和 machine:write64(gpa, value) 访问它的内存。"
          .. "门 n 位于 0x%x + 16 * n。它的处理程序没有问题，位于 0x%x；内核的代码段是选择子 0x08。门有哪些字段：见 SDM 第 3 卷“64-Bit Mode IDT”，"
          .. "或者第一条提示。函数中的 print 会把你读到的显示出来。")
          :format(facts.fault, facts.vector, facts.idt, facts.idt, facts.handler)
      end,
      hints = {
        "门开头的 8 个字节，从最低位起依次是：16 位偏移、16 位选择子、3 位 IST、5 个零、4 位类型、一个零、2 位 DPL、存在位，再是 16 位偏移。"
          .. "打印出来看：print((\"%016x\"):format(machine:read64(...)))。",
        "在这里能用的门，选择子是 0x08（位 31:16），类型是 0xe，即中断门（位 43:40），存在位置位（位 47）。三者中哪一个不同？",
        "三个一起改：value = (value & ~0xffff0000 & ~(0xf << 40)) | 0x08 << 16 | 0xe << 40 | 1 << 47。",
      },
    },
    deceived = {
      title = "客户机在哪里受了骗？",
      question = "内核向处理器提一些它知道正确答案的问题，每个问题用三次 OUT 报告：问题的编号写到端口 0x520，正确答案写到端口 0x524，"
        .. "它看到的写到端口 0x528。每次 OUT 都是一个 port_io 事件，带有字段 port 和 value。请用 function(trace) 回答，它返回一个列表："
        .. "客户机看到的与正确答案不同的那些问题的编号，次序不限；从未受骗时返回空列表。它会用在泳道 trapped、translated、hardware 上，"
        .. "还会用在提别的问题的内核上。结果的例子：{ 4, 2 }。",
      hints = {
        "一条指令没有陷入，还不等于欺骗：它的回答也许恰好是对的。客户机看到了什么？",
        "for event in trace:events(\"port_io\") do ... end 按顺序逐个访问这些 OUT；记住编号和正确答案，直到第三次 OUT 到来。",
        "if event.port == 0x528 and event.value ~= right then list[#list + 1] = number end",
      },
    },
  },

  -- check.lua 的话：英文原文及其译文，占位 {0}、{1} …… 两边相同。
  says = {
    ["the answer: a table is wanted, such as {0}"] = "回答：应为表，例如 {0}",
    ["the field {0} of the answer: a whole number is wanted there, as in {1}"] = "回答的字段 {0}：应为整数，例如 {1}",
    ["the guest found a mistake that it has no number for"] = "客户机发现了一个它没有编号的错误",
    ["{0}: {1}. This is what the guest's exit code means"] = "{0}：{1}。这就是客户机的退出码的含义",
    ["{0}: the guest never ended"] = "{0}：客户机始终没有结束",
    ["Does your handler go past the instruction (call:skip()) wherever it returns true? Without it the same instruction traps again for ever."]
      = "你的处理函数在每个返回 true 的地方，都越过了那条指令（call:skip()）吗？否则同一条指令会永远反复陷入。",
    ["the line that traps first"] = "最先陷入的那一行",
    ["That line does not trap: it reads or moves something that CPL 3 may read or move. The run goes on behind it."]
      = "那一行不陷入：它读取或传送的是 CPL 3 可以读取或传送的东西。运行会在它之后继续。",
    ["An earlier line traps already."] = "更早的一行就已陷入。",
    ["the vector of the first trap"] = "第一次陷入的向量",
    ["the error code of the first trap"] = "第一次陷入的错误码",
    ["Is the exception about an entry of the IDT? Then the error code names that entry: index * 8, and bit 1 set."]
      = "这个异常与 IDT 的某一项有关吗？如果是，错误码就指明那一项：索引 * 8，并且位 1 置位。",
    ["the number of traps for {0} in lane trapped"] = "泳道 trapped 中由 {0} 引起的陷入次数",
    ["the run with your handler"] = "使用你的处理函数的运行",
    ["IF is bit 9 of RFLAGS, as a mask 0x200 or 1 << 9. CLI clears it, and only it."]
      = "IF 是 RFLAGS 的位 9，掩码为 0x200 或 1 << 9。CLI 将它清零，而且只改它。",
    ["IF is bit 9 of RFLAGS, as a mask 0x200 or 1 << 9. STI sets it, and only it."]
      = "IF 是 RFLAGS 的位 9，掩码为 0x200 或 1 << 9。STI 将它置位，而且只改它。",
    ["Change the one bit and keep the others: rflags & ~0x200, rflags | 0x200."]
      = "只改这一位，保留其他各位：rflags & ~0x200，rflags | 0x200。",
    ["Look at call.in_kernel first: a program's CLI is not yours to carry out."] = "先看 call.in_kernel：程序的 CLI 不该由你代为执行。",
    ["A privileged instruction at CPL 3 gives #GP with error code 0: call:fault(13, 0), or leave it to the monitor."]
      = "CPL 3 下的特权指令引发 #GP，错误码为 0：call:fault(13, 0)，或者交给监控器。",
    ["the monitor carried out {0} of the guest's kernel itself: your handler did not return true for it"]
      = "监控器自己代为执行了客户机内核的 {0}：你的处理函数没有对它返回 true",
    ["call.mnemonic is in small letters: \"cli\", \"sti\"."] = "call.mnemonic 用小写字母：\"cli\"、\"sti\"。",
    ["the number of #GP traps: as many as without your handler, for the processor does not know who answers"]
      = "#GP 陷入的次数：应与没有你的处理函数时相同，因为处理器不知道由谁来处理",
    ["Does your handler go past one instruction each time, and no further?"] = "你的处理函数是否每次只越过一条指令，不多也不少？",
    ["the OUT to port 0xe0, the marker port, did not reach the monitor: your handler took it"]
      = "写标记端口 0xe0 的 OUT 没有到达监控器：它被你的处理函数拿走了",
    ["Return false for ports that are not the device's."] = "对不属于该设备的端口，请返回 false。",
    ["Your handler took no instruction: compare call.mnemonic with \"in\" and \"out\", and DX with 0x510."]
      = "你的处理函数没有处理任何指令：请把 call.mnemonic 与 \"in\" 和 \"out\" 比较，把 DX 与 0x510 比较。",
    ["What was stored, XOR the key {0}, goes into AL."] = "存入的值与密钥 {0} 异或的结果放入 AL。",
    ["Keep the upper bits: (rax & ~0xff) | byte."] = "保留高位：(rax & ~0xff) | byte。",
    ["Count when a byte is stored, starting from 0; IN from 0x511 gives the count as it is."]
      = "每存入一个字节就计数，从 0 开始；从 0x511 读的 IN 原样给出计数。",
    ["OUT changes the device, and no register but RIP."] = "OUT 改变的是设备；寄存器中只有 RIP 会变。",
    ["an access to the device's ports reached the monitor: your handler did not return true for it"]
      = "有一次对该设备端口的访问到达了监控器：你的处理函数没有对它返回 true",
    ["the number of instructions that your handler took: the guest's IN and OUT for the device"]
      = "你的处理函数处理的指令条数：客户机访问该设备的 IN 和 OUT",
    ["the lab's own run with a handler for {0}"] = "实验自己的、带有处理 {0} 的处理函数的运行",
    ["the number of exceptions when a handler carries out every {0}"] = "由处理函数代为执行每条 {0} 时，异常的次数",
    ["The processor faults before anybody is asked."] = "处理器先引发异常，之后才会问由谁来处理。",
    ["the number of the monitor's own emulations when a handler carries out every {0}"] = "由处理函数代为执行每条 {0} 时，监控器自己模拟的次数",
    ["the guest's code is no longer what it was: mend the gate alone"] = "客户机的代码已被改动：只应修复门",
    ["the run with the mended gate (the {0} must reach its handler)"] = "修复门之后的运行（{0} 必须到达它的处理程序）",
    ["The processor refused a gate again. Print the gate before and after your change, and go through its fields."]
      = "处理器又拒绝了一个门。请打印修改前后的门，并逐个检查它的字段。",
    ["the number of {0} that the guest's handler got"] = "客户机的处理程序得到 {0} 的次数",
    ["what your function returned for {0}: a list is wanted, such as { 4, 2 } or {}"]
      = "你的函数对{0}返回的值：应为列表，例如 { 4, 2 } 或 {}",
    ["the questions in which the guest of {0} was deceived"] = "{0}在哪些问题上受骗",
    ["the questions in which the guest of {0} was deceived (look at question {1}, {2})"] = "{0}在哪些问题上受骗（请看问题 {1}，{2}）",
    ["lane {0}"] = "泳道 {0} 的客户机",
    ["a trapped kernel that asks only what happens to come out right"] = "一个靠陷入运行、只问恰好得到正确回答的问题的内核",
    ["a trapped kernel that asks one question of the five"] = "一个靠陷入运行、只问五个问题之一的内核",
    ["after CLI the guest's RFLAGS.IF is still 1"] = "执行 CLI 之后，客户机的 RFLAGS.IF 仍为 1",
    ["after STI the guest's RFLAGS.IF is still 0"] = "执行 STI 之后，客户机的 RFLAGS.IF 仍为 0",
    ["CLI or STI changed another flag of RFLAGS than IF (the guest had set CF)"]
      = "CLI 或 STI 改变了 RFLAGS 中 IF 以外的标志（客户机事先置位了 CF）",
    ["a user program executed CLI and got past it: it must get #GP(0), as on the bare machine"]
      = "用户程序执行 CLI 之后竟继续了下去：它必须得到 #GP(0)，与在裸机上一样",
    ["the guest's #GP handler was called for something else than the program's CLI with error code 0"]
      = "客户机的 #GP 处理程序被调用，但起因不是程序的 CLI（错误码 0）",
    ["CLI or STI changed a general-purpose register"] = "CLI 或 STI 改变了通用寄存器",
    ["the data port gave something else than the last byte written, XOR the key"] = "数据端口给出的不是最后写入的字节与密钥异或的结果",
    ["IN AL, DX changed more of RAX than AL"] = "IN AL, DX 改变了 RAX 中 AL 以外的部分",
    ["the counter port gave something else than the number of bytes written to the data port so far"]
      = "计数端口给出的不是迄今写入数据端口的字节数",
    ["OUT changed RAX or RDX"] = "OUT 改变了 RAX 或 RDX",
  },
}
