"""What pages say beside formulas, in each language that they can be in.

Another language is another column: the tests ask that it has every word. `{right}` and the like are filled in.
"""

from __future__ import annotations

import json

from viz.arguments import one_of

WORDS = {
    "en": {
        # programs
        "program": "A compiled program", "boxes": "the arrays of the program, each a box",
        "point": "Point at a box, or choose a line, to see what it stands for · + − 0 zoom, drag to move",
        "lines_of": "the lines of the program", "explained": "what is explained",
        "line": "the line", "means": "what it means", "why": "why", "form": "why it has this form",
        "entry": "one entry", "gradient_of": "the gradient of {name}", "scalars": "the scalars behind {entry}",
        # pages to step through
        "graph": "A computational graph", "walk": "backpropagation, step by step",
        "stage": "the step shown", "steps": "steps", "all_steps": "all steps", "step": "step",
        "start": "start", "forward": "forward", "backward": "backward",
        "first": "to the start", "back": "a step back", "on": "a step on", "last": "to the end",
        "play": "play", "pause": "pause", "play_and_pause": "play and pause",
        "space": "Space", "home": "Home", "end": "End",
        "drawing": "the computational graph: arrow keys go from value to value",
        "zoom": "zoom", "closer": "zoom in", "farther": "zoom out", "fit": "show all",
        "keys": "← → a step back and on · Space plays · Home and End to the ends · + − 0 and the wheel with Ctrl zoom, "
                "drag to move · point at a value to see its paths, or go from one to the next with Tab and arrow keys",
        "known": "{count} values: those of the inputs are known, and the walk works out the others.",
        "along": "along this edge comes", "place": "{step} of {last}",
        # pages with sliders
        "network": "A network", "live": "a computational graph whose numbers can be moved",
        "whole": "the whole formula",
        "moved": "Numbers to move", "gradient": "gradient", "reset": "reset",
        "plane": "{output} for every {x} from left to right and {y} from bottom to top",
        "drag": "{output} over {x} (→) and {y} (↑): orange to blue. Drag to move {x} and {y}.",
        # pages of networks
        "layers": "the network, neuron by neuron", "inputs": "inputs", "graph_whole": "the whole graph",
        "others": "outside the layers", "unit": "{layer}, neuron {number}", "hidden": "{count} of {layer}",
        "layers_keys": "the neurons: arrows go from one to the next, Enter opens one", "find": "find a value or neuron",
        "folds": "fold and unfold this layer", "save_drawing": "save the drawing",
        "save_layers": "save the picture of the network",
        # pages that ask
        "quiz": "a computational graph with numbers to fill in", "blanks": "numbers to fill in",
        "asked": "What stands at each ?", "again": "start again", "operand": "operand {number}",
        "rule": "Enter checks. 2, -0.5 or -0,5, 4/2 and 1e-3 are numbers, right within {percent} %.",
        "no_number": "This is no number: write 2, -0.5, 4/2 or 1e-3.",
        "score": "{right} of {all} right, {first} at once · {wrong} wrong",
        "done": " — all done: walk through it step by step.",
        # recorded trainings
        "training": "training", "replay": "a training, step by step",
        "losses": "the loss at each step", "logarithmic": "logarithmic loss",
        "gradients": "gradients in place of weights", "at_step": "step {step}",
        "now": "epoch {epoch} · loss {loss} · |gradient| {norm}", "answers": "what the network answers",
        "weights": "the network, weight by weight", "images": "the weights of the first neurons as images",
        "replay_keys": "Space plays and pauses, ← and → go a step back and on, Home and End to the ends. "
                       "Click a point to see the network compute it.",
        # the playground
        "playground": "Playground", "typing": "a page on which to type an expression and see its graph",
        "expression": "Expression", "examples": "examples", "functions": "Functions", "style": "drawing",
        "record": "Boxes", "circuit": "Circuit", "take_along": "take along", "link": "Link", "save": "save as",
        "neuron": "a neuron", "cross_entropy": "softmax and cross entropy", "small_network": "a network of 2, 2 and 1",
        "exercise": "Exercise", "hide": "Hide", "hide_gradients": "gradients", "hide_values": "values",
        "hide_local": "local derivatives", "ask": "Ask me", "level": "Level", "another": "Another expression",
        "stop": "show all", "link_copied": "The address holds all of this, and is copied.",
        "python_copied": "The code is copied.", "not_copied": "It cannot be copied here: take it by hand.",
        "too_many": "{count} values came, and a drawing has at most {most}",
        "reasons": "Why this gradient?", "whose_gradient": "the gradient of", "paths": "The sum over all paths",
        "first_paths": "The first {count} paths; there are more.",
        "nudge": "What a small step changes", "nudge_by": "step", "value": "value", "before": "before",
        "after": "after", "change": "change", "predicted": "predicted", "error": "error",
        # worksheets
        "sheet": "Backpropagation", "answer_sheet": "Backpropagation: answers", "name": "Name", "date": "Date",
        "task": "Work out the value of every operation from left to right, then its gradient from right to left, "
                "beginning with df/df = 1. Values go above the wires, gradients below. Where a value is used more than "
                "once, what comes back along the branches adds up.",
    },
    "de": {
        "program": "Ein kompiliertes Programm", "boxes": "die Arrays des Programms, jedes ein Kasten",
        "point": "Auf einen Kasten zeigen oder eine Zeile wählen, um sie zu verstehen · + − 0 Zoom, ziehen bewegt",
        "lines_of": "die Zeilen des Programms", "explained": "was erklärt wird",
        "line": "die Zeile", "means": "was sie bedeutet", "why": "warum", "form": "warum sie diese Form hat",
        "entry": "ein Eintrag", "gradient_of": "der Gradient von {name}", "scalars": "die Zahlen hinter {entry}",
        "graph": "Ein Rechengraph", "walk": "Backpropagation, Schritt für Schritt",
        "stage": "der gezeigte Schritt", "steps": "Schritte", "all_steps": "alle Schritte", "step": "Schritt",
        "start": "Anfang", "forward": "vorwärts", "backward": "rückwärts",
        "first": "zum Anfang", "back": "ein Schritt zurück", "on": "ein Schritt weiter", "last": "zum Ende",
        "play": "abspielen", "pause": "anhalten", "play_and_pause": "abspielen und anhalten",
        "space": "Leertaste", "home": "Pos1", "end": "Ende",
        "drawing": "der Rechengraph: Pfeiltasten gehen von Wert zu Wert",
        "zoom": "Zoom", "closer": "vergrößern", "farther": "verkleinern", "fit": "alles zeigen",
        "keys": "← → ein Schritt zurück und weiter · Leertaste spielt ab · Pos1 und Ende an die Enden · "
                "+ − 0 und das Rad mit Strg zoomen, Ziehen verschiebt · auf einen Wert zeigen, um seine Pfade zu "
                "sehen, oder mit Tab und Pfeiltasten von Wert zu Wert gehen",
        "known": "{count} Werte: die der Eingaben sind bekannt, die übrigen werden nun ausgerechnet.",
        "along": "entlang dieser Kante kommt", "place": "{step} von {last}",
        "network": "Ein Netz", "live": "ein Rechengraph, dessen Zahlen man bewegen kann", "whole": "die ganze Formel",
        "moved": "Zahlen zum Bewegen", "gradient": "Gradient", "reset": "zurücksetzen",
        "plane": "{output} für jedes {x} von links nach rechts und {y} von unten nach oben",
        "drag": "{output} über {x} (→) und {y} (↑): orange bis blau. Ziehen bewegt {x} und {y}.",
        "layers": "das Netz, Neuron für Neuron", "inputs": "Eingaben", "graph_whole": "der ganze Graph",
        "others": "außerhalb der Schichten", "unit": "{layer}, Neuron {number}", "hidden": "{count} von {layer}",
        "layers_keys": "die Neuronen: Pfeiltasten gehen zum nächsten, Enter öffnet eines",
        "find": "Wert oder Neuron suchen", "folds": "diese Schicht ein- und ausklappen",
        "save_drawing": "die Zeichnung speichern", "save_layers": "das Bild des Netzes speichern",
        "quiz": "ein Rechengraph mit Zahlen zum Ausfüllen", "blanks": "Zahlen zum Ausfüllen",
        "asked": "Was steht an jedem ?", "again": "von vorn", "operand": "Operand {number}",
        "rule": "Enter prüft. 2, -0,5 oder -0.5, 4/2 und 1e-3 sind Zahlen, richtig auf {percent} %.",
        "no_number": "Das ist keine Zahl: schreibe 2, -0,5, 4/2 oder 1e-3.",
        "score": "{right} von {all} richtig, {first} auf Anhieb · {wrong} falsch",
        "done": " — alles richtig: nun Schritt für Schritt hindurch.",
        "training": "Training", "replay": "ein Training, Schritt für Schritt",
        "losses": "der Verlust bei jedem Schritt", "logarithmic": "logarithmischer Verlust",
        "gradients": "Gradienten statt Gewichten", "at_step": "Schritt {step}",
        "now": "Epoche {epoch} · Verlust {loss} · |Gradient| {norm}", "answers": "was das Netz antwortet",
        "weights": "das Netz, Gewicht für Gewicht", "images": "die Gewichte der ersten Neuronen als Bilder",
        "replay_keys": "Leertaste spielt ab und hält an, ← und → gehen einen Schritt zurück und weiter, Pos1 und Ende "
                       "an die Enden. Ein Klick auf einen Punkt zeigt, wie das Netz ihn berechnet.",
        "playground": "Werkbank",
        "typing": "eine Seite, auf der man einen Ausdruck tippt und seinen Graphen sieht",
        "expression": "Ausdruck", "examples": "Beispiele", "functions": "Funktionen", "style": "Zeichnung",
        "record": "Kästen", "circuit": "Schaltung", "take_along": "mitnehmen", "link": "Adresse",
        "save": "speichern als",
        "neuron": "ein Neuron", "cross_entropy": "Softmax und Kreuzentropie",
        "small_network": "ein Netz aus 2, 2 und 1",
        "exercise": "Übung", "hide": "Verstecke", "hide_gradients": "Gradienten", "hide_values": "Werte",
        "hide_local": "lokale Ableitungen", "ask": "Frag mich", "level": "Stufe", "another": "Ein anderer Ausdruck",
        "stop": "alles zeigen", "link_copied": "Die Adresse enthält all dies und ist kopiert.",
        "python_copied": "Der Code ist kopiert.", "not_copied": "Kopieren geht hier nicht: bitte von Hand.",
        "too_many": "{count} Werte kamen, und eine Zeichnung hat höchstens {most}",
        "reasons": "Warum dieser Gradient?", "whose_gradient": "der Gradient von", "paths": "Die Summe über alle Pfade",
        "first_paths": "Die ersten {count} Pfade; es gibt mehr.",
        "nudge": "Was ein kleiner Schritt ändert", "nudge_by": "Schritt", "value": "Wert", "before": "vorher",
        "after": "nachher", "change": "Änderung", "predicted": "vorhergesagt", "error": "Fehler",
        "sheet": "Backpropagation", "answer_sheet": "Backpropagation: Lösungen", "name": "Name", "date": "Datum",
        "task": "Berechne von links nach rechts den Wert jeder Operation und dann von rechts nach links ihren "
                "Gradienten, beginnend mit df/df = 1. Werte stehen über den Linien, Gradienten darunter. Wo ein Wert "
                "mehrmals gebraucht wird, addiert sich, was auf den Zweigen zurückkommt.",
    },
    "zh": {
        "program": "编译后的程序", "boxes": "程序中的数组，每个一个方框",
        "point": "指向一个方框或选择一行，查看它的含义 · + − 0 缩放，拖动可移动",
        "lines_of": "程序的各行", "explained": "所解释的内容",
        "line": "这一行", "means": "它的含义", "why": "为什么", "form": "为什么是这种形式",
        "entry": "一个元素", "gradient_of": "{name} 的梯度", "scalars": "{entry} 背后的标量",
        "graph": "计算图", "walk": "反向传播，逐步演示",
        "stage": "当前步骤", "steps": "步骤", "all_steps": "所有步骤", "step": "步骤",
        "start": "开始", "forward": "前向", "backward": "反向",
        "first": "到开头", "back": "上一步", "on": "下一步", "last": "到末尾",
        "play": "播放", "pause": "暂停", "play_and_pause": "播放和暂停",
        "space": "空格键", "home": "Home 键", "end": "End 键",
        "drawing": "计算图：用方向键在各值之间移动",
        "zoom": "缩放", "closer": "放大", "farther": "缩小", "fit": "显示全部",
        "keys": "← → 上一步和下一步 · 空格键播放 · Home 和 End 到两端 · + − 0 或 Ctrl 加滚轮缩放，拖动可移动 · "
                "指向一个值可看到它的路径，也可用 Tab 和方向键在各值之间移动",
        "known": "共 {count} 个值：输入的值已知，其余的将逐步算出。",
        "along": "沿这条边传回", "place": "第 {step} 步，共 {last} 步",
        "network": "一个网络", "live": "可以改变数值的计算图", "whole": "完整的公式",
        "moved": "可改变的数值", "gradient": "梯度", "reset": "重置",
        "plane": "{output}，{x} 从左到右，{y} 从下到上",
        "drag": "{output} 随 {x} (→) 和 {y} (↑) 的变化：从橙色到蓝色。拖动可改变 {x} 和 {y}。",
        "layers": "网络的每个神经元", "inputs": "输入", "graph_whole": "整个图", "others": "各层之外",
        "unit": "{layer}，神经元 {number}", "hidden": "{layer} 中的 {count} 个",
        "layers_keys": "神经元：方向键移动，回车键打开", "find": "查找值或神经元",
        "folds": "折叠或展开该层", "save_drawing": "保存图形", "save_layers": "保存网络图",
        "quiz": "带填空的计算图", "blanks": "要填的数",
        "asked": "每个 ? 处是多少？", "again": "重新开始", "operand": "第 {number} 个操作数",
        "rule": "按回车键检查。可以写 2、-0.5、4/2 和 1e-3，误差在 {percent} % 以内算对。",
        "no_number": "这不是数字：请写 2、-0.5、4/2 或 1e-3。",
        "score": "{all} 个中对了 {right} 个，其中 {first} 个一次答对 · 错 {wrong} 次",
        "done": " — 全部答对：现在逐步走一遍。",
        "training": "训练", "replay": "训练过程，逐步演示",
        "losses": "每一步的损失", "logarithmic": "对数损失",
        "gradients": "显示梯度而非权重", "at_step": "第 {step} 步",
        "now": "轮次 {epoch} · 损失 {loss} · |梯度| {norm}", "answers": "网络的回答",
        "weights": "网络的每个权重", "images": "前几个神经元的权重图",
        "replay_keys": "空格键播放和暂停，← 和 → 上一步和下一步，Home 和 End 到两端。"
                       "点击一个点，可看到网络如何计算它。",
        "playground": "试验场", "typing": "输入表达式即可看到其计算图的页面",
        "expression": "表达式", "examples": "例子", "functions": "函数", "style": "图样",
        "record": "方框", "circuit": "电路", "take_along": "带走", "link": "链接", "save": "保存为",
        "neuron": "一个神经元", "cross_entropy": "Softmax 与交叉熵", "small_network": "2-2-1 的网络",
        "exercise": "练习", "hide": "隐藏", "hide_gradients": "梯度", "hide_values": "数值",
        "hide_local": "局部导数", "ask": "考考我", "level": "级别", "another": "换一个表达式",
        "stop": "全部显示", "link_copied": "网址包含全部内容，已复制。",
        "python_copied": "代码已复制。", "not_copied": "此处无法复制，请手动复制。",
        "too_many": "有 {count} 个值，一幅图最多 {most} 个",
        "reasons": "为什么是这个梯度？", "whose_gradient": "的梯度", "paths": "所有路径之和",
        "first_paths": "前 {count} 条路径；还有更多。",
        "nudge": "小小一步带来的变化", "nudge_by": "步长", "value": "值", "before": "之前",
        "after": "之后", "change": "变化", "predicted": "预测", "error": "误差",
        "sheet": "反向传播", "answer_sheet": "反向传播：答案", "name": "姓名", "date": "日期",
        "task": "从左到右算出每个运算的值，再从右到左算出它的梯度，从 df/df = 1 开始。值写在连线上方，梯度写在下方。"
                "一个值被多次使用时，各分支传回的梯度相加。",
    },
}
"""The words by language; all languages have the same ones."""

def words(language: str) -> dict[str, str]:
    """The words of a language, "en", "de" or "zh"; `UsageError` for others."""
    return WORDS[one_of("language", language, WORDS)]


def spoken(language: str) -> str:
    """The words for the script of a page."""
    return f"const words = {json.dumps(words(language), ensure_ascii=False)};\n"
