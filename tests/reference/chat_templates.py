"""Chat templates written for the tests: six ways to write one in the turn marks of ten families, and one for each further
construct that real templates use (loops, namespaces, macros, generation blocks, slices, tests, tojson …)."""

# Name: (text before the chat, before a turn, between role and content, behind a turn, what the assistant is called).
STYLES = {
    "chatml": ("", "<|im_start|>", "\\n", "<|im_end|>\\n", "assistant"),
    "headers": ("<s>", "<|start_header_id|>", "<|end_header_id|>\\n\\n", "<|eot_id|>", "assistant"),
    "turns": ("<bos>", "<start_of_turn>", "\\n", "<end_of_turn>\\n", "model"),
    "inst": ("<s>", "[", "] ", " [/]", "INST"),
    "lines": ("", "### ", ":\\n", "\\n\\n", "Response"),
    "upper": ("", "", ": ", "</s>", "ASSISTANT"),
    "bars": ("", "<|", "|>\\n", "</s>\\n", "assistant"),
    "wide": ("<｜begin▁of▁sentence｜>", "<｜", "｜>", "<｜end▁of▁sentence｜>", "Assistant"),
    "channel": ("", "<|start|>", "<|channel|>final<|message|>", "<|end|>", "assistant"),
    "tokens": ("<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|><|", "_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "CHATBOT"),
}

# Ways to write a template; {bos}, {start}, {middle}, {end}, {name} are the style's.
WAYS = {
    "plain": """{{{{ '{bos}' }}}}{{% for message in messages %}}{{{{ '{start}' + message['role'] + '{middle}' + (message['content'] if message['content'] is string else '') + '{end}' }}}}{{% endfor %}}{{% if add_generation_prompt %}}{{{{ '{start}{name}{middle}' }}}}{{% endif %}}""",
    "spaced": """
{{%- if messages[0].role == 'system' -%}}
    {{%- set system = messages[0].content | trim -%}}
    {{%- set rest = messages[1:] -%}}
{{%- else -%}}
    {{%- set system = 'You are helpful.' -%}}
    {{%- set rest = messages -%}}
{{%- endif -%}}
{{{{- '{bos}' ~ '{start}system{middle}' ~ system ~ '{end}' -}}}}
{{%- for m in rest %}}
    {{%- if m.role == 'user' or m.role == 'tool' %}}
        {{{{- '{start}' + m.role + '{middle}' }}}}{{{{ m.content | string | trim }}}}{{{{ '{end}' }}}}
    {{%- elif m.role in ['assistant', 'developer'] %}}
        {{{{- '{start}{name}{middle}' }}}}
        {{%- if m.content is not none and m.content is string %}}{{{{ m.content.strip() }}}}{{% endif %}}
        {{{{- '{end}' }}}}
    {{%- endif %}}
{{%- endfor %}}
{{%- if add_generation_prompt %}}{{{{- '{start}{name}{middle}' }}}}{{% endif %}}
""",
    "namespace": """{{% set ns = namespace(system='', turns=0, last=-1) %}}
{{% for m in messages %}}{{% if m['role'] == 'system' %}}{{% set ns.system = m['content'] %}}{{% elif m['role'] == 'user' %}}{{% set ns.last = loop.index0 %}}{{% endif %}}{{% endfor %}}
{{% if ns.system %}}{{{{ '{start}system{middle}' + ns.system + '{end}' }}}}{{% endif %}}
{{% for m in messages if m['role'] != 'system' %}}
{{% set ns.turns = ns.turns + 1 %}}
{{{{ '{start}' }}}}{{{{ '{name}' if m['role'] == 'assistant' else m['role'] }}}}{{{{ '{middle}' }}}}{{{{ m['content'] or '' }}}}{{% if loop.index0 < ns.last %}} ({{{{ ns.turns }}}}/{{{{ loop.length }}}}){{% endif %}}{{{{ '{end}' }}}}
{{%- endfor %}}
""",
    "macro": """{{%- macro turn(role, content, mark='') -%}}
{{{{ '{start}' ~ role ~ '{middle}' }}}}{{{{ mark }}}}{{% if content is string %}}{{{{ content }}}}{{% elif content is iterable and content is not mapping %}}{{% for part in content %}}{{% if part.type == 'text' %}}{{{{ part.text }}}}{{% else %}}[{{{{ part.type }}}}]{{% endif %}}{{% endfor %}}{{% endif %}}{{{{ '{end}' }}}}
{{%- endmacro -%}}
{{{{ bos_token }}}}
{{%- for message in messages %}}{{{{ turn(message.role, message.content, mark=('*' if loop.first else '')) }}}}{{% endfor %}}
{{%- if add_generation_prompt %}}{{{{ turn('{name}', none)[:-1] }}}}{{% endif %}}""",
    "generation": """{{{{ bos_token }}}}{{% for m in messages %}}
{{%- if m.role == 'assistant' %}}{{{{ '{start}{name}{middle}' }}}}{{% generation %}}{{{{ m.content if m.content is string else '' }}}}{{{{ '{end}' }}}}{{% endgeneration %}}
{{%- else %}}{{{{ '{start}' + m.role + '{middle}' + (m.content if m.content is string else '') + '{end}' }}}}{{% endif %}}
{{%- endfor %}}{{% if add_generation_prompt %}}{{{{ '{start}{name}{middle}' }}}}{{% endif %}}""",
    "tools": """{{%- if tools %}}
{{{{- '{start}tools{middle}' }}}}
{{%- for tool in tools %}}{{{{ tool | tojson }}}}{{{{ '\\n' if not loop.last }}}}{{% endfor %}}{{{{ '{end}' }}}}
{{%- endif %}}
{{%- for m in messages %}}
{{%- if m.tool_calls is defined and m.tool_calls %}}
{{{{- '{start}{name}{middle}' }}}}
{{%- for call in m.tool_calls %}}
{{%- set function = call.function if call.function is defined else call %}}
<tool_call>
{{"name": "{{{{ function.name }}}}", "arguments": {{{{ function.arguments | tojson(indent=2) }}}}}}
</tool_call>
{{%- endfor %}}{{{{ '{end}' }}}}
{{%- elif m.role == 'tool' %}}
{{{{- '{start}tool{middle}' }}}}{{% if loop.previtem and loop.previtem.role != 'tool' %}}first {{% endif %}}{{{{ m.name | default('?') }}}}={{{{ m.content }}}}{{{{ '{end}' }}}}
{{%- else %}}{{{{ '{start}' ~ m.role ~ '{middle}' ~ m.content ~ '{end}' }}}}
{{%- endif %}}
{{%- endfor %}}""",
}

ALTERNATE = "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}"

SINGLE = {
    "refuses wrong order": "{% for message in messages %}" + ALTERNATE + "{{ message.content }}{% endfor %}",
    "reversed": "{% for m in messages[::-1] %}{{ loop.revindex }}{{ m.role[0] | upper }}{{ m.role[::-1] }} {% endfor %}",
    "slices": "{{ messages[-1].role }}{{ messages[:2] | length }}{{ messages[1:-1] | length }}{{ messages[-2:] | map(attribute='role') | join(',') }}",
    "continue and break": "{% for m in messages %}{% if m.role == 'system' %}{% continue %}{% endif %}{{ m.role }};{% if loop.index > 3 %}{% break %}{% endif %}{% endfor %}",
    "for else": "{% for m in messages if m.role == 'nobody' %}{{ m }}{% else %}none of {{ messages | length }}{% endfor %}",
    "recursive words": "{% for word in (messages[0].content | string).split() %}{{ word | lower | capitalize }}{% if not loop.last %}-{% endif %}{% endfor %}",
    "selectattr": "{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | rejectattr('role', 'in', ['user']) | map(attribute='role') | unique | join('/') }}",
    "tojson whole": "{{ messages | tojson }}{{ tools | tojson(indent=4) if tools else 'no tools' }}",
    "dictsort and items": "{% for m in messages %}{% for key, value in m | dictsort %}{{ key }}={{ value is string }};{% endfor %}{% for key, value in m.items() %}{{ key | upper }}{% endfor %}{% endfor %}",
    "block set": "{% set head %}[{{ messages | length }} messages]{% endset %}{{ head }}{{ head | replace('messages', 'turns') }}",
    "filter block": "{% filter upper | trim %}  {% for m in messages %}{{ m.role }} {% endfor %} {% endfilter %}|",
    "call block": "{% macro box(title) %}<{{ title }}>{{ caller() }}</{{ title }}>{% endmacro %}{% for m in messages %}{% call box(m.role) %}{{ m.content | string | length }}{% endcall %}{% endfor %}",
    "thinking": "{% for m in messages %}{% if m.role == 'assistant' and m.content is string and '</think>' in m.content %}{{ m.content.split('</think>')[-1].lstrip('\\n') }}|{{ m.content.split('<think>')[1].split('</think>')[0].strip('\\n') }}{% else %}{{ m.content }}{% endif %}\n{% endfor %}",
    "starts and ends": "{% for m in messages if m.content is string %}{{ m.content.startswith('W') }}{{ m.content.endswith('\\n') }}{{ m.content.rstrip() }}{{ m.content.count('a') }}{{ m.content.find('e') }};{% endfor %}",
    "get and default": "{% for m in messages %}{{ m.get('name', 'anon') }}{{ m.weight | default(1) }}{{ m.get('content') | default('empty', true) }}{% endfor %}",
    "tests": "{% for m in messages %}{{ m.content is string }}{{ m.content is none }}{{ m.content is iterable }}{{ m.content is mapping }}{{ m.content is sequence }}{{ m.x is undefined }}{{ loop.index is odd }}{{ loop.index is divisibleby 3 }}{% endfor %}",
    "arithmetic": "{% for m in messages %}{{ loop.index0 % 2 }}{{ loop.index * 3 // 2 }}{{ (loop.index / 2) }}{{ -loop.index ** 2 }}{{ loop.index | float }}{% endfor %}",
    "comparisons": "{{ messages | length > 1 and messages | length <= 4 or not tools }}{{ 1 < 2 }}{{ 'a' in 'abc' }}{{ 'x' not in messages[0] }}{{ messages[0].role == messages[-1].role }}",
    "range": "{% for i in range(messages | length) %}{{ i }}{{ messages[i].role[:1] }}{% endfor %}{{ range(3, 10, 2) | list }}",
    "unpacking": "{% for role, content in [('a', 'b'), ('c', 'd')] %}{{ role }}{{ content }}{% endfor %}{% set first, second = ('x', messages | length) %}{{ first }}{{ second }}",
    "raw and comments": "{# nothing {{ here }} #}{% raw %}{{ as_is }}{% endraw %}{{ messages | length }}{#- and here -#}  !",
    "whitespace": "  {%- if true -%}  a  {%- endif -%}  b\n   {% if true %}\n  c\n   {% endif %}\n{%+ if true %} d{% endif +%}\n e{{- ' f' -}}  \n",
    "inner scopes": "{% set x = 1 %}{% for m in messages %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}{% if true %}{% set x = 3 %}{% endif %}{{ x }}",
    "loop variables": "{% for m in messages %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.cycle('a', 'b') }}{{ loop.previtem.role if loop.previtem }}{{ loop.nextitem.role if loop.nextitem is defined }}{{ loop.depth }} {% endfor %}",
    "text filters": "{% for m in messages if m.content is string %}{{ m.content | title }}{{ m.content | replace(' ', '_') | e }}{{ m.content | first | default('-') }}{{ m.content | indent(2) }}{{ m.content | safe }}{% endfor %}",
    "list filters": "{{ messages | map(attribute='role') | sort | join(' ') }}{{ [3, 1, 2] | sort(reverse=true) }}{{ [1, 2, 3] | sum }}{{ [1, 2] | last }}{{ ['a'] + ['b'] }}{{ [1, 2, 3] | reverse | list }}{{ messages | length }}",
    "literals": "{{ {'a': 1, 'b': [true, none, 2.5]} }}{{ (1,) }}{{ 'q\"uo' \"te'd\" }}{{ none }}{{ false }}{{ 'a\\tb' }}{{ [] }}{{ {} }}{{ 1e3 }}{{ 0.1 + 0.2 }}",
    "conditional without else": "{% for m in messages %}[{{ m.name if m.name is defined }}]{% endfor %}{{ 'x' if tools }}",
    "two generations": "{% for m in messages %}{% if m.role == 'assistant' %}A:{% generation %} {{ m.content | string }}{% endgeneration %}\n{% generation %}<end>{% endgeneration %}{% else %}{{ m.role }}: {{ m.content }}\n{% endif %}{% endfor %}",
    "strftime fallback": "{% if strftime_now is defined %}{{ strftime_now('%Y') | length }}{% else %}4{% endif %}",
}


def all_templates():
    templates = {}
    for style, (bos, start, middle, end, name) in STYLES.items():
        for way, source in WAYS.items():
            templates[f"{style}, {way}"] = source.format(bos=bos, start=start, middle=middle, end=end, name=name)
    return {**templates, **SINGLE}


TEMPLATES = all_templates()
