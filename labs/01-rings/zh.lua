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
  cr3 = "从 CR3 读出的 MOV",
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
}
