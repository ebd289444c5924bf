-- 实验 07 的中文文字。运行什么、什么算对，都在 lab.lua 和 check.lua 中。
local switch = "内核转到另一个地址空间（写 CR3 的 MOV）"
local orders = {
  ["disk_block 3"] = "内核第三次从磁盘读一块",
  ["disk_block 7"] = "内核第七次从磁盘读一块",
  ["address_space 2"] = switch,
  ["address_space 3"] = switch,
  ["page_fault 1"] = "程序访问了一个不存在的页，由内核映射它",
  ["system_call 1"] = "程序发出了这次运行的第一次系统调用，它打印一行",
}
local known = "这一行在内核中走过的路以前执行过"
local lines = {
  [1] = "它是这个内核打印的第一行", [3] = "这一行在内核中走过的路以前执行过，只有几条指令除外", [5] = known,
  [13] = "这是内核替程序打印的第一行", [30] = known,
}
local exits = {
  HLT = "HLT 不再退出，而客户机仍然会睡眠",
  CR_ACCESS = "每一次写 CR3 的 MOV 都退出",
  EXCEPTION_NMI = "客户机的每一次缺页（#PF，向量 14）都退出",
  INVLPG = "每一次 INVLPG 都退出",
  GDTR_IDTR = "LGDT、SGDT、LIDT、SIDT、LLDT、SLDT、LTR 和 STR 都退出",
  MSR_WRITE = "每一次 WRMSR 都退出",
}
local flushes = {
  more = "这些加载合起来丢弃的 TLB 表项比泳道 hardware 中更多",
  small = "这些加载合起来丢弃的 TLB 表项，至多是泳道 hardware 中的一半，而且没有任何 VM exit 或 VM entry 刷新什么",
  tagless = "这些加载合起来丢弃的 TLB 表项，至多是泳道 hardware 中的一半，而 TLB 仍与那里一样大（填上的组和路一样多）",
  monitor = "没有一次刷新的原因是 mov_cr3，因为由监控器自己用 INVVPID（丢弃某个 VPID 的转换结果的指令）来丢弃旧的转换结果",
}

return {
  title = "三种办法，并排对照",
  summary = "客户机 tour 在 full、para、hardware 之下：为了同一个动作，各个监控器必须做什么，代价是多少。",
  tasks = {
    order_of_stops = {
      title = "谁最常呼叫自己的监控器？",
      question = function(_, facts)
        local action = facts.order
        return ("客户机就要开始动作 %s #%d：%s。请把三条泳道排序：到这个动作结束为止，从进入监控器次数最少的排到次数最多的。"
          .. "用一个字符串写三个词，例如 \"para full hardware\"；检查时会告诉你次数。")
          :format(action.kind, action.ordinal, orders[action.kind .. " " .. action.ordinal] or action.what)
      end,
      hints = {
        "对每条泳道，逐步问这个动作：客户机能独自做这一步吗？课文中各司其职的那张表有一行回答它。然后找端口：它们使其中两条泳道停顿得一样多。",
        "翻译过的代码再次运行时，早已付过代价。还有，客户机运行时宿主机的中断由谁来接？",
        "数一数：`require \"three_ways\".stops(lab.lanes.full, KIND, ORDINAL)`，另外两条泳道也一样。",
      },
    },
    dearest_line = {
      title = "哪一行最贵？",
      question = function(_, facts)
        local line = facts.line
        return ("客户机就要打印控制台的第 %d 行（动作 console_line #%d；%s）。在哪条泳道中，这一行花费的模型周期（事件的第二列）最多？"
          .. "用一个词回答：\"full\"、\"para\" 或 \"hardware\"。"):format(line.ordinal, line.ordinal, lines[line.ordinal] or line.what)
      end,
      hints = {
        "在两条泳道中，监控器模拟的端口访问要到用户半部才结束。往返一趟各要多少？",
        "在课文的价格表中，把陷入 + 模拟与 vm_exit + vm_entry + kernel_half 相比。然后问：代码第一次运行时，哪条泳道还有别的事要做？",
        "量一量：`require \"three_ways\".action(lab.lanes.full, \"console_line\", ORDINAL).cycles`，另外两条也一样。",
      },
    },
    one_line = {
      title = "一行的字节数与停顿次数",
      question = function(_, facts)
        return ("请看 console_line #%d。它向控制台送出多少个字节？从它的开始标记到结束标记，各条泳道进入监控器多少次（VM exit 或陷入）？"
          .. "请用四个数的表回答，例如 { bytes = 80, full = 20, para = 1, hardware = 10 }。"):format(facts.counted_line)
      end,
      hints = {
        "它的标记是 action 为 console_line 的 marker 事件；其 ordinal 从 1 开始数行。seq 在两者之间的一切都属于这一行。",
        "trace:count(\"console and seq in 810..1041\") 数出两个事件之间的字节；停顿的事件种类是 vm_exit 和 trap。",
        "`require \"three_ways\".within(trace, \"console_line\", N, FILTER)` 把这两步都做了；FILTER 是 \"console\" 或 \"kind == vm_exit or kind == trap\"。",
      },
    },
    user_half = {
      title = "最贵的一趟，走了多少次？",
      question = function(_, facts)
        return ("把种类为 %s 的全部动作合起来：各条泳道返回监控器的用户半部多少次？为本实验自己的标记而返回的不算。"
          .. "请用表回答，例如 { full = 12, para = 3, hardware = 45 }。"):format(facts.counted_kind)
      end,
      hints = {
        "`scripts/trapline compare FILES` 对每种动作打印 `user half` 和 `markers` 两列；两者都是该种动作每一次的总和。",
        "每个标记都是一次返回用户半部：把它们减去。",
        "trapline.compare(lab.lanes.full, lab.lanes.para, lab.lanes.hardware):account(1, KIND) 有 user_exits 和 markers。",
      },
    },
    asked_for = {
      title = "知情的内核要求什么",
      question = function(_, facts)
        return ("在 %s #%d 期间，泳道 para 发出哪些超级调用，每种多少次？两个标记事件之间的都算：批量调用（multicall）里面的也算，"
          .. "带来最后那个标记的调用也算。请用从名字到次数的表回答，例如 { flush = 2, set_timer = 1 }。")
          :format(facts.asked.kind, facts.asked.ordinal)
      end,
      hints = {
        "每次超级调用都是一个 hypercall 事件；它的字段 number 是名字。",
        "用动作的标记划定范围：trace:group(\"hypercall and seq in FIRST..LAST\", \"number\")。",
        "`require \"three_ways\".action(lab.lanes.para, KIND, ORDINAL).where` 就是这个范围的过滤条件。",
      },
    },
    exits_as_wanted = {
      title = "让它退出，或者由它去",
      question = function(_, facts)
        return ("请为泳道 hardware 找出控制项，使得%s，而且没有任何退出的原因是这条泳道本来没有的。"
          .. "请用控制项的表回答，以名字为键，例如 { pause_exiting = true }。"):format(exits[facts.exits.reason] or facts.exits.what)
      end,
      hints = {
        "`scripts/trapline list` 列出各个控制项，一行一个；大多数都说明是哪条指令退出。",
        "异常不是各有一个开关，而是共用一个数，每个向量占一位：位 3 是 8，位 6 是 0x40。MSR 总是退出，除非用位图指定哪些退出；原来退出的，也可以用 false 由它去。",
        "试一试：`scripts/trapline run tour --control NAME=VALUE --out /tmp/try`，再用 `scripts/trapline show "
          .. "/tmp/try/tour-hardware-soft.trap exits` 看看退出。",
      },
    },
    cr3_flushes = {
      title = "切换 CR3 时忘掉什么",
      question = function(_, facts)
        return ("客户机多次加载 CR3，每次加载都从 TLB 中丢弃一些转换结果。请为泳道 hardware 找出控制项，使得在整个客户机的一次运行中，%s。"
          .. "请用表回答，例如 { invlpg_exiting = true }。"):format(flushes[facts.flush])
      end,
      hints = {
        "先看现在的情形：`scripts/trapline events FILE --kind tlb_flush --where 'tlb_flush.cause == mov_cr3'`；字段 entries 说明丢弃了多少个。",
        "只有存在的才能丢弃：TLB 装得下多少，先前又被谁清空过？还有，会退出的加载由监控器代为执行。",
        "在这里起作用的有四个控制项：tlb_sets 和 tlb_ways、vpid，以及 cr3_load_exiting。",
      },
    },
    name_the_technique = {
      title = "从轨迹认出技术",
      question = "请写 function(trace)，它只凭事件返回 \"full\"、\"para\" 或 \"hardware\"。它会用在若干客户机和种子的运行上，有完整的，也有很短的，"
        .. "有些只按级别 exits 记录；它得不到 run_header，也得不到 trace.technique，但有 count、first、last、nth、sum、group、events 和 event_count。"
        .. "例如 function(trace) return trace:count(\"upcall\") > 5 and \"para\" or \"full\" end。",
      hints = {
        "即使客户机只有三条指令，采用这种技术的监控器也少不了什么？",
        "只有一种技术进入 VMX 非根操作；只有一种得到超级调用。翻译是 full 的一种做法，而不是它的定义：翻译可以关掉。",
        "trace:count(\"vm_entry\") > 0，trace:count(\"hypercall\") > 0：剩下的就是 full。",
      },
    },
    is_translated = {
      title = "翻译过，还是没有？",
      question = "请写 function(trace)：内核作为翻译后的代码运行的泳道，返回 true；其他的都返回 false，其中也包括没有翻译的 full。"
        .. "它得到的与 name_the_technique 相同。例如 function(trace) return trace:count(\"trap\") > 0 end。",
      hints = {
        "陷入和被模拟的指令，有没有翻译都会有。什么是只有翻译时才有的？",
        "事件种类的清单（`scripts/trapline list`）中有两种说的是代码块；其中一种必定出现在任何翻译后的指令运行之前。",
        "trace:count(\"block_translated\") > 0",
      },
    },
  },

  -- check.lua 的话：英文原文及其译文，占位 {0}、{1} …… 两边相同。
  says = {
    ["the number of lanes that your answer names"] = "你的回答中泳道的个数",
    ["Name each lane once, such as \"para full hardware\"."] = "每条泳道写一次，例如 \"para full hardware\"。",
    ["the order of stops during {0} (counted: {1})"] = "{0} 期间停顿次数的顺序（实际次数：{1}）",
    ["One word, such as \"para\"."] = "一个词，例如 \"para\"。",
    ["the lane in which {0} costs most (modelled cycles: {1})"] = "{0} 代价最高的泳道（模型周期：{1}）",
    ["the bytes that {0} sends to the console"] = "{0} 发送到控制台的字节数",
    ["Each byte is one event of kind console; the line's end is bytes too."] = "每个字节是一个 console 事件；行尾也是字节。",
    ["the stops of lane {0} in {1}"] = "泳道 {0} 在 {1} 中的停顿次数",
    ["Count vm_exit and trap events between its begin marker and its end marker, whatever they are for."]
      = "请数它的开始标记与结束标记之间的 vm_exit 和 trap 事件，不论它们为何发生。",
    ["the returns of lane {0} to the user half in all {1} actions, without those for markers"]
      = "泳道 {0} 在所有 {1} 动作中返回用户半部的次数，不计为标记而返回的",
    ["The lab's markers are still counted in your number."] = "你的数中还包括实验的标记。",
    ["the hypercalls {0} during {1}"] = "{1} 期间超级调用 {0} 的次数",
    ["The call for the first marker comes before its event; only the last one's lies between."]
      = "为第一个标记发出的超级调用在标记事件之前；只有为最后一个标记发出的那次在两者之间。",
    ["A multicall is one hypercall, and each entry that it carries is one more."] = "一次批量调用是一次超级调用，其中携带的每一项又各算一次。",
    ["lane para makes no hypercall {0} during {1}"] = "泳道 para 在 {1} 期间没有发出超级调用 {0}",
    ["Only what lies between the two markers of the action counts."] = "只计该动作的两个标记之间的部分。",
    ["your controls cannot be used. {0}"] = "你的控制项无法使用。{0}",
    ["`scripts/trapline list` names the controls."] = "控制项的名字见 `scripts/trapline list`。",
    ["the vector of an exception that exits (bits 7:0 of its interruption information)"]
      = "引起退出的异常的向量（其 interruption information 的位 7:0）",
    ["Vector n has bit n of the exception bitmap: 1 << n."] = "向量 n 对应异常位图的位 n：1 << n。",
    ["the number of exits for exceptions, which must be that of the guest's page faults"] = "因异常而退出的次数，它必须等于客户机缺页的次数",
    ["the run with your controls"] = "使用你的控制项的运行",
    ["exits for {0}"] = "{0} 的退出",
    ["An exiting control can also be taken away."] = "使之退出的控制项也可以去掉。",
    ["an exit for {0}"] = "{0} 的退出",
    ["The control is there or it is not: with your controls this instruction or event does not exit."]
      = "关键在于有没有相应的控制项：用你的控制项时，这种指令或事件不会退出。",
    ["exits for {0}, which nobody asked for"] = "{0} 的退出，这不是题目要求的",
    ["Change only what makes the wanted event exit."] = "只改动使所要的事件退出的那一项。",
    ["the guest's facts, which its monitor's controls must not change"] = "客户机的 fact 行：监控器的控制项不应改变它们",
    ["the TLB entries that loads of CR3 drop: {0} with your controls, {1} without, and more are wanted"]
      = "加载 CR3 时丢弃的 TLB 表项：用你的控制项时 {0} 个，不用时 {1} 个，应当更多",
    ["Only what the TLB still holds can be dropped: give it more room."] = "只有 TLB 中还存着的才能丢弃：请给它更大的空间。",
    ["loads of CR3 that flush by themselves"] = "自身就会刷新 TLB 的 CR3 加载",
    ["A load that exits is another matter: let the guest do it."] = "会退出的加载是另一回事：请让客户机自己加载。",
    ["the TLB entries that loads of CR3 drop: {0} with your controls, {1} without, and at most half are wanted"]
      = "加载 CR3 时丢弃的 TLB 表项：用你的控制项时 {0} 个，不用时 {1} 个，应当不超过一半",
    ["Only what the TLB still holds can be dropped."] = "只有 TLB 中还存着的才能丢弃。",
    ["none in the whole run"] = "整个运行中一次也没有",
    ["flushes at VM exits or VM entries"] = "VM exit 或 VM entry 时的刷新",
    ["Leave the tags (VPID) on: who flushes at every passage has nothing left to drop, but for a dear price."]
      = "请保留标签（VPID）：若每次进出都刷新，固然没有什么可丢弃了，代价却很高。",
    ["the highest {0} of the TLB that is filled, which must stay as it is"] = "TLB 中填充到的最大 {0}，它必须保持不变",
    ["Keep the size of the TLB; empty it more often instead."] = "请保持 TLB 的大小，改为更频繁地清空它。",
    ["flushes with the cause mov_cr3"] = "起因为 mov_cr3 的刷新",
    ["As long as the guest loads CR3 itself, the processor flushes for it."] = "只要客户机自己加载 CR3，处理器就会为此刷新。",
    ["a flush by INVVPID"] = "由 INVVPID 进行的刷新",
    ["INVVPID flushes by tag: without tags there is nothing to name."] = "INVVPID 按标签刷新：没有标签就无从指定。",
    ["the number of loads of CR3"] = "加载 CR3 的次数",
    ["the guest's facts, which a TLB must not change"] = "客户机的 fact 行：TLB 不应改变它们",
    ["guest tour"] = "客户机 tour",
    ["guest shuffle"] = "客户机 shuffle",
    ["the first moments of guest shuffle"] = "客户机 shuffle 开头的一小段",
    ["a guest of three instructions"] = "只有三条指令的客户机",
    ["guest shuffle, with MOV to CR3 and page faults that exit"] = "客户机 shuffle（写 CR3 的 MOV 和缺页会退出）",
    ["{0} without translation"] = "不翻译的 {0}",
    ["what your function says of {0} under {1}"] = "你的函数的回答，轨迹来自：{1} 下的{0}",
    ["How many there are of anything depends on the guest; ask for what this technique cannot do without."]
      = "某种事件有多少，取决于客户机；请找这种技术必不可少的东西。",
  },
}
