-- 实验 01 的中文文字。运行什么、什么算对，都在 lab.lua 和 check.lua 中。
local notes = {
  rdmsr = "此时 ECX = 0xc0000080，即 MSR EFER",
  pushfq = "此时 IF = 0，至少客户机这样以为",
  popfq = "栈上是 0x3002：IOPL = 3",
}

local function listing_text(listing)
  local lines = {}
  for number, row in ipairs(listing) do
    lines[number] = ("(%d) 位于 0x%x：%s%s"):format(number, row.address, row.text, notes[row.text] and "，" .. notes[row.text] or "")
  end
  return table.concat(lines, "；")
end

local wanted = {
  tables = "每一条存储或加载描述符表寄存器的指令（SGDT、SIDT、SLDT、STR、LGDT、LIDT ……）",
  cr3 = "从 CR3 读出的 MOV ",
  both = "从 CR3 读出的 MOV，以及每一条存储或加载描述符表寄存器的指令（SGDT、SIDT、STR ……）",
}

return {
  title = "特权环与敏感指令",
  summary = "同一个内核，一次在 CPL 0 运行，一次在 CPL 3 运行：哪些指令会陷入，哪些不声不响地说谎，为什么单靠陷入无法虚拟化 x86。",
  tasks = {
    before_it_runs = {
      title = "CPL 3 下的四行",
      question = function(_, facts)
        return "泳道 listing 的内核以为自己在 CPL 0 运行，实际上它在 CPL 3 运行，而且没有翻译。它依次执行下面四行（其间还有别的指令，"
          .. "它们只用会陷入的 OUT 来报告）：" .. listing_text(facts.listing)
          .. "。处理器对每一行怎样处理？\"GP\"：引发一般保护异常，于是监控器被调用。\"other\"：不陷入，但这一行给出的或做到的，"
          .. "与在 CPL 0 时不同。\"same\"：不陷入，而且与在 CPL 0 时相同。缺页不算：它们只是填充监控器的页表。请用四个词的列表回答，"
          .. "例如 { \"same\", \"GP\", \"GP\", \"other\" }。"
      end,
      hints = {
        "先对每一行问一问：用户程序能用它损害别人吗？只有这样的指令才被定为特权指令，也只有特权指令才会引发 GP。仅仅透露一点信息不算损害。",
        "对于不陷入的那几行：它们给出的是谁的寄存器，客户机的还是真实的？课文中“处理器里真正装着什么”一节的表两者都有。",
        "控制寄存器、MSR、端口、CLI、CLTS、INVLPG，以及加载各个表寄存器，都会陷入。读选择子、读标志、存储表寄存器则不会；对它们请比较表中的两列。",
      },
    },
    who_trapped = {
      title = "多少条陷入了，哪些没有",
      question = "敏感指令按实际执行的次数计（循环 n 次，其中每一行就执行 n 次）。`trapped`：泳道 trapped 的内核有多少条敏感指令"
        .. "经由一般保护异常来到监控器？`silent`：有多少条虽然敏感却没有来？泳道 translated 运行同一个内核，在那里对后一类也会调用监控器："
        .. "每次都是一个 way=callout 的 emulation 事件。`words`：它们是哪些指令，用这些事件的字段 `instruction` 中的词回答，每个词写一次。"
        .. "请用表回答，例如 { trapped = 12, silent = 7, words = { \"lar\", \"verr\" } }。",
      hints = {
        "`scripts/trapline run 01` 记录各条泳道。然后 `scripts/trapline show trapline-out/01-rings/trapped.trap exits` 按向量统计陷入的次数。",
        "`scripts/trapline events trapline-out/01-rings/translated.trap --where 'emulation.way == callout'` 把不声不响的那些逐行打印出来。"
          .. "并非翻译后的代码每次调用监控器都属于这一类：请用这个过滤条件。",
        "用 Lua：who_trapped = function(lab) local t = lab.lanes.translated; local words = {}; for word in pairs(t:group("
          .. "\"emulation.way == callout\", \"instruction\")) do words[#words + 1] = word end ... return { ... } end，以及 "
          .. "lab.lanes.trapped:count(\"trap.vector == GP\")。",
      },
    },
    kept_faith = {
      title = "内核受骗了吗？",
      question = "本实验的内核边运行边报告。每次向处理器提问之前，它先把处理器对 CPL 0 的内核应当给出的回答写到端口 0x520，"
        .. "然后把实际得到的回答写到端口 0x524；两者都是 port_io 事件，带有字段 port 和 value。只要有一个回答与应当给出的不同，"
        .. "内核就是受骗了。请写一个谓词：它是轨迹的函数，内核从未受骗时返回 true，受过骗时返回 false。它会用在泳道 trapped、translated、"
        .. "hardware 上，还会用在 CPL 3 下提别的问题的内核上。请用 function(trace) ... return true end 回答。",
      hints = {
        "一条指令不声不响，还不等于欺骗：在 CPL 3 下，有些回答也恰好是对的。所以陷入的次数和 trace.technique 都不能定论，只有数值才能。",
        "for event in trace:events(\"port_io\") do ... end 按顺序逐个访问这些 OUT。把写到 0x520 的值记在局部变量里，直到下一次写到 0x524 的 OUT。",
        "if event.port == 0x524 and event.value ~= must then return false end；循环之后 return true。",
      },
    },
    find_out = {
      title = "内核怎样识破",
      question = "请写几行 64 位汇编，让内核查明自己是否真的在 CPL 0：如果是，就在 EAX 中留下 0，如果不是，就留下别的值。这几行不得陷入"
        .. "（缺页不算），而且要在任何内核中都管用：中断开着或关着，GDT 在任何位置，代码段用任何选择子。可以随意使用：除 RSP 以外的所有寄存器、"
        .. "栈，以及从 0x8800 到 0x88ff 的内存。程序在你的最后一行之后继续，所以不要返回。这几行会在没有翻译的 CPL 3 下运行，在那里必须识破；"
        .. "也会在翻译之下和 hardware 之下运行，在那里不得报出异样。请用 Intel 语法的文本回答，每行一条指令，写在 [[ 和 ]] 之间。"
        .. "find_out = [[ mov eax, ebx ]] 这一行就是只有一条指令的文本。",
      hints = {
        "选一条不声不响的敏感指令。它的回答中，哪一部分说的是特权级，而不是这个内核自己的情况？",
        "选择子有三个部分：描述符的索引、TI，以及最低两位的 RPL。在 CS 中，这两位就是 CPL。",
        "MOV EAX, CS 给出选择子。剩下的就是用 AND 留下其中两位。",
      },
    },
    choose_exits = {
      title = "还是让它陷入",
      question = function(_, facts)
        return "在硬件辅助虚拟化下，由监控器选择什么会退出。请为泳道 hardware 的内核选择控制项，使它对" .. wanted[facts.wanted]
          .. "退出，而对以前不退出的其他任何指令仍不退出。`scripts/trapline list` 在“Controls of the modelled processor”之下列出了控制项的名字。"
          .. "请用控制项的表回答，例如 { hlt_exiting = true, invlpg_exiting = true }。"
      end,
      hints = {
        "读一读清单对每个控制项的说明：指令要么加载（写）一个寄存器，要么存储（读）它。",
        "从 CR3 读出的 MOV 是存储这个寄存器：cr3_store_exiting。SGDT、SIDT、SLDT、STR 与加载同样这些寄存器的指令共用一个控制项：descriptor_table_exiting。",
      },
    },
  },

  -- check.lua 的话：英文原文及其译文，占位 {0}、{1} …… 两边相同。
  says = {
    ["what your function returned for {0}: true or false is wanted, and it gave {1}"]
      = "你的函数对{0}返回的值：应为 true 或 false，而它给出了 {1}",
    ["nothing (does a return stand behind the loop?)"] = "nil（循环之后有 return 吗？）",
    ["a {0}"] = "{0} 类型的值",
    ["whether {0} was never deceived"] = "{0}是否从未受骗",
    ["Every answer in this trace is what it must be, whether it trapped or not."] = "这条轨迹中的每个回答都与应当给出的相同，无论是否陷入。",
    ["One answer that differs is enough, wherever in the trace it stands."] = "只要有一个回答不同就算受骗，无论它在轨迹的什么位置。",
    ["the number of words in the list: one for each line"] = "列表中词的个数：每行一个",
    ["word {0} of the list: \"GP\", \"other\" or \"same\" is wanted"] = "列表的第 {0} 个词：应为 \"GP\"、\"other\" 或 \"same\"",
    ["What would happen to the machine if any user program could do this?"] = "如果任何用户程序都能这样做，机器会怎样？",
    ["This line is not privileged: user programs have always been allowed to execute it."] = "这一行不是特权指令：用户程序向来可以执行它。",
    ["Compare what the register holds for a kernel at CPL 0 with what the processor really holds (the lesson's table)."]
      = "请比较：对 CPL 0 的内核来说寄存器中应是什么，处理器里真正装着的又是什么（见课文中的表）。",
    ["line {0}, {1}"] = "第 {0} 行，{1}",
    ["another word"] = "另一个词",
    ["the field {0} of the answer: a whole number is wanted there, as in {1}"] = "回答的字段 {0}：应为整数，例如 {1}",
    ["the field words of the answer: a list of words in quotes is wanted there, as in {0}"]
      = "回答的字段 words：应为加引号的词的列表，例如 {0}",
    ["trapped: the number of general-protection exceptions in lane trapped"] = "trapped：泳道 trapped 中一般保护异常的次数",
    ["another number"] = "另一个数",
    ["That counts page faults too: those fill the monitor's page tables, and are no instruction's privilege."]
      = "这把缺页也算进去了：缺页填充的是监控器的页表，与指令的特权无关。",
    ["vector=GP is the general-protection exception."] = "vector=GP 就是一般保护异常。",
    ["silent: the number of sensitive instructions that did not trap in lane trapped"] = "silent：在泳道 trapped 中没有陷入的敏感指令的条数",
    ["UD2 calls the monitor from translated code also where a block of code ends. Count emulations with way == callout."]
      = "在翻译后的代码中，代码块结束处也用 UD2 调用监控器。请数 way == callout 的 emulation 事件。",
    ["In lane translated each of them is an event emulation with way=callout."]
      = "在泳道 translated 中，它们每一条都是一个 way=callout 的 emulation 事件。",
    ["words: which sensitive instructions did not trap"] = "words：哪些敏感指令没有陷入",
    ["{0} words, as the field instruction writes them"] = "{0} 个词，写法与字段 instruction 相同",
    ["Each word once. \"pushf\" stands for PUSHFQ too, and a MOV that reads a segment register is \"read_segment\"."]
      = "每个词写一次。\"pushf\" 也代表 PUSHFQ；读段寄存器的 MOV 是 \"read_segment\"。",
    ["the kernel of lane {0}"] = "泳道 {0} 的内核",
    ["a kernel at CPL 3 whose answers all happen to be right"] = "一个在 CPL 3 运行、得到的回答恰好全都正确的内核",
    ["a kernel at CPL 3 that asks {0} first"] = "一个在 CPL 3 运行、最先问 {0} 的内核",
    ["a kernel at CPL 3 that asks {0} last"] = "一个在 CPL 3 运行、最后问 {0} 的内核",
    ["your assembly: {0}"] = "你的汇编：{0}",
    ["One instruction a line, as in the text of a listing: mov eax, 1"] = "每行一条指令，写法如同程序清单：mov eax, 1",
    ["under hardware"] = "在 hardware 之下",
    ["at CPL 3 with translation"] = "在有翻译的 CPL 3 下",
    ["at CPL 3 without translation"] = "在没有翻译的 CPL 3 下",
    ["{0} (a kernel whose code segment is {1}, interrupts on)"] = "{0}（内核的代码段为 {1}，中断开着）",
    ["{0} (a kernel whose code segment is {1}, interrupts off)"] = "{0}（内核的代码段为 {1}，中断关着）",
    ["your lines trapped {0}: the monitor was called, and may tell what it likes"] = "你的指令{0}陷入了：监控器因此被调用，它可以任意作答",
    ["That instruction is privileged. Take one that is sensitive and is not."] = "那条指令是特权指令。请换一条敏感而非特权的指令。",
    ["the program did not go on behind your last line {0}"] = "{0}，程序没有在你的最后一行之后继续",
    ["Do not return and do not halt: what stands behind your lines reports EAX. Is RSP where it was?"]
      = "不要返回，也不要停机：你的指令之后的代码会报告 EAX。RSP 还在原来的位置吗？",
    ["what your lines left in EAX {0}"] = "{0}，你的指令在 EAX 中留下的值",
    ["anything but 0: here the kernel is not at CPL 0"] = "非 0 的值：这里内核不在 CPL 0",
    ["0: here the kernel is at CPL 0, as far as it can tell"] = "0：就内核所能知道的而言，这里它在 CPL 0",
    ["What you look at differs from kernel to kernel. Which part of it is about privilege alone?"]
      = "你所看的东西因内核而异。其中哪一部分只与特权级有关？",
    ["SGDT, SIDT, LGDT and LIDT"] = "SGDT、SIDT、LGDT 和 LIDT",
    ["SLDT and STR"] = "SLDT 和 STR",
    ["MOV from CR3"] = "从 CR3 读出的 MOV",
    ["the form of the answer: each control is a name with true or false, as in { hlt_exiting = true }"]
      = "回答的形式：每个控制项是一个名字，取值 true 或 false，例如 { hlt_exiting = true }",
    ["your controls: {0}"] = "你的控制项：{0}",
    ["`scripts/trapline list` has the names."] = "名字见 `scripts/trapline list`。",
    ["the run with your controls"] = "使用你的控制项的运行",
    ["a VM exit for {0} ({1})"] = "由 {1} 引起的 VM exit（{0}）",
    ["the number of exits for {0}: as many as without your controls"] = "{0} 的退出次数：应与不用你的控制项时相同",
    ["One of your controls makes something exit that was not asked for. Leave out what you do not need."]
      = "你的某个控制项使题目没有要求的东西也退出了。请去掉不需要的控制项。",
    ["the kernel's answers: an exit must not change them"] = "内核得到的回答：退出不应改变它们",
  },
}
