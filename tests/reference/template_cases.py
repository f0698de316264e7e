"""Templates and contexts that exercise every construct the chat template engine knows."""

CHAT = {"messages": [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "  Was heißt “ré sumé”? \n"},
    {"role": "assistant", "content": "Ein Lebenslauf.\n"},
    {"role": "user", "content": ""},
    {"role": "assistant", "content": None, "tool_calls": [
        {"type": "function", "function": {"name": "look_up", "arguments": {"word": "né", "n": 2, "exact": True}}}]},
    {"role": "tool", "content": "[1, 2.5, null]"},
    {"role": "assistant", "content": "日本語 <b> & 'x' \"y\" \\ \t\u0001"}],
    "tools": [{"type": "function", "function": {"name": "look_up", "description": "Looks up\na word",
               "parameters": {"type": "object", "properties": {"word": {"type": "string"}, "n": {"type": "integer"}}}}}],
    "documents": None, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>"}
VALUES = {"none": None, "yes": True, "no": False, "zero": 0, "seven": 7, "minus": -7, "half": 0.5, "big": 1e16, "tiny": 1e-5,
          "whole": 3.0, "third": 1 / 3, "text": "Hello, World", "empty": "", "accents": "Ünïcödé straße", "spaces": " \t a b\u00a0\n",
          "list": [3, 1, 2], "nested": [[1, "a"], [2, "b"]], "words": ["b", "A", "c", "a"], "nothing": [],
          "map": {"b": 1, "a": [True, None], "items": 5, "Z": {"x": "y"}}, "people": [
              {"name": "Ann", "age": 31, "tags": ["x"]}, {"name": "bob", "age": 7}, {"name": "Cy", "age": None}]}

CHATML = """{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + (message['content'] or '') + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
LLAMA3 = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" + system_message + "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '{"name": "' + tool_call.name + '", "parameters": ' + (tool_call.arguments | tojson) + "}" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}{%- else %}{{- message.content }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
"""
GENERATION = """{{ bos_token }}{% for m in messages %}
{% if m.role == 'assistant' %}
A: {% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}

{% else %}
{{ m.role }}: {{ m.content }}
{% endif %}
{% endfor %}"""
QWEN3 = """{%- set ns = namespace(multi_step=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step and message.role == "user" and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.multi_step = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == 'assistant' and message.content is string and '</think>' in message.content %}
        {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
    {%- else %}
        {%- set content = message.content %}
    {%- endif %}
    {{- loop.index0 ~ '/' ~ ns.last ~ ': ' ~ content ~ '\\n' }}
{%- endfor %}"""
MACRO = """{%- macro field(name, value, sep=': ') -%}
  {{ name }}{{ sep }}{{ value }}
{%- endmacro %}
{%- macro type(p) %}{% if p is mapping %}{{ '{' }}{% for k, v in p|dictsort %}{{ k }}={{ type(v) }}{{ ',' if not loop.last }}{% endfor %}{{ '}' }}{% else %}{{ p }}{% endif %}{% endmacro %}
{{ field('a', 1) }}|{{ field('b', value='2', sep='=') }}|{{ field('c') }}|{{ type(map) }}"""

EXPRESSIONS = """1 + 2 * 3 - 4 // 3 % 5 | 2 ** 3 ** 2 | -7 // 2 | minus % 3 | 7 / 2 | 6 / 2 | half * 4 | -seven | - 2 ** 2 | 1.5e3 | 1_000
(1, 2) | (1,) | () | [1, 'a', none, true, 2.0] | {'a': 1, 'b': [none]} | {1: 2} | "it's" ~ 'a "q"' | ["it's", 'a "q"', 'both \\' and "', '\\n\\t\\\\é\\x01']
big | tiny | whole | third | 1e22 | 123456789012345680.0 | 0.0001 | 1e15 | -0.0 | 100.0 | 5e-324 | 1.7976931348623157e308
none | yes | no | undefined_thing | text | list | nested | map | people[0] | text[0] | text[-1] | text[1:4] | text[::-1] | list[1:] | list[:-1] | list[::2] | list[5:] | list[-2:] | text[100]
1 < 2 < 3 | 1 < 3 < 2 | 1 == 1.0 | true == 1 | 'a' != 'b' | 2 >= 2 | 'a' < 'b' | [1] == [1] | [1] == (1,) | {'a': 1} == {'a': 1.0} | none == none | '1' == 1
'ell' in text | 'x' not in text | 2 in list | 'b' in map | 1 in nothing | not 'a' in words | '' in text | undefined_thing in list
yes and no or 'x' | 0 or '' | 'a' and 'b' | not none | not not 1 | 'a' if yes else 'b' | 'a' if no | ('a' if no) is undefined | 'x' if no else 'y' if no else 'z'
1 ~ 'a' ~ none ~ 2.5 ~ [1] | 'ab' * 3 | 3 * 'ab' | [1] * 2 | [1] + [2] | 'a' 'b' | (1, 2) + (3,)
map.b | map['a'] | map['items'] | map.Z.x | map.nope | map.nope is defined | map['nope'] is undefined | map.get('b') | map.get('q') | map.get('q', 7) | none.x is undefined
map.keys()|list | map.values()|list | map.items()|list | map|items|list | map|length | text|length | nothing|length | accents|length | undefined_thing|length
text.upper() | accents.upper() | accents.lower() | text.title() | 'hELLO wORLD'.capitalize() | "it's a don't".title() | text.split(', ') | ' a  b '.split() | ' a  b c '.split(none, 1) | 'a,b,c'.split(',', 1) | 'a,b,c'.rsplit(',', 1) | ''.split() | ''.split(',')
spaces.strip() | spaces.lstrip() | spaces.rstrip() | 'xxaxx'.strip('x') | 'abcba'.strip('ab') | text.startswith('He') | text.startswith(('x', 'H')) | text.endswith('x') | text.replace('l', 'L') | text.replace('l', 'L', 1) | 'abc'.replace('', '-') | text.find('W') | text.count('l') | '-'.join(words) | '12'.isdigit()
text|upper | text|lower | 'hello wORLD'|capitalize | 'hello wORLD-foo (bar'|title | spaces|trim | 'xax'|trim('x') | text|replace('o', '0') | text|replace('o', '0', 1) | 5|string ~ 1 | 'a'|string|length
list|first | list|last | nothing|first is undefined | text|first | list|join(', ') | words|join | people|join('-', attribute='name') | list|sort | list|sort(reverse=true) | words|sort | words|sort(case_sensitive=true) | people|map(attribute='name')|sort|join(',') | list|reverse|list | text|reverse | list|sum | list|max | list|min | words|unique|list
undefined_thing|default('d') | none|default('d') | none|default('d', true) | ''|default('d', boolean=true) | undefined_thing|default | undefined_thing|d('q')
'42'|int | '4.7'|int | 'x'|int | 'x'|int(default=3) | 4.9|int | true|int | '0x1F'|int(base=16) | ' 5 '|int | '1.5'|float | 'q'|float | 7|float | -3|abs | 2.5|round | 2.567|round(2) | 2.1|round(0, 'ceil') | minus|abs
words|map('upper')|list | people|map(attribute='age', default=0)|list | people|selectattr('age')|map(attribute='name')|list | people|rejectattr('age')|map(attribute='name')|list | people|selectattr('age', 'gt', 10)|list|length if false else 'skipped'
people|selectattr('name', 'equalto', 'bob')|list|length | people|selectattr('tags', 'defined')|list|length | list|select('odd')|list | list|reject('odd')|list | list|select|list | people|rejectattr('name', 'in', ['Ann', 'Cy'])|map(attribute='name')|first | people[:1]|map(attribute='tags.0')|first
map|dictsort | map|dictsort(true) | map|tojson | people|tojson | text|tojson | [1.0, 1e-7, none]|tojson | accents|tojson(ensure_ascii=true) | map|tojson(indent=2) | map|tojson(sort_keys=true) if false else '-' | []|tojson(indent=2) | {}|tojson | {'a': {}}|tojson(indent=1) | map|tojson(separators=(',', ':')) | "<&'>"|tojson
'a\\nb\\n\\nc'|indent | 'a\\nb'|indent(2) | 'a\\nb'|indent(2, true) | 'a\\n\\nb'|indent(1, blank=true) | '<a>'|safe | '<a href="x">'|escape | '<'|e | "a"|list | map|list
text is string | seven is number | yes is number | yes is boolean | seven is integer | half is float | map is mapping | list is iterable | text is iterable | seven is iterable | list is sequence | none is none | yes is true | no is false | 1 is true | text is defined | q is not defined | seven is odd | seven is even | seven is divisibleby 7 | seven is divisibleby(2) | 'a' is in ['a'] | seven is eq 7 | seven is equalto(8) | seven is lt 8 | text is lower | 'AB' is upper | range is callable | text is not none and yes | none is sameas none
range(3)|list | range(1, 7, 2)|list | range(3, 0, -1)|list | dict(a=1, b='x') | namespace(a=1).a | namespace(a=1).b is undefined | '%' ~ 5 | 'a' < 'B' | [1, 2] < [1, 3] | 10 // 3.0 | 7 % -3 | -7.5 % 2 | 2 ** -1 | 0.1 + 0.2 | 1 - 0.9 | 3 - -2 | +5"""

STATEMENTS = {
    "if": "{% if no %}a{% elif seven > 5 %}b{% else %}c{% endif %}{% if undefined_thing %}x{% endif %}",
    "for": "{% for x in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}:{{ x }};{% endfor %}",
    "for_else": "{% for x in nothing %}{{ x }}{% else %}none{% endfor %}{% for x in list if x > 5 %}{{ x }}{% else %}none{% endfor %}{% for x in undefined_thing %}a{% endfor %}",
    "for_if": "{% for x in list if x != 1 %}{{ loop.index }}/{{ loop.length }}={{ x }} {% endfor %}",
    "for_unpack": "{% for a, b in nested %}{{ a }}{{ b }}{% endfor %}{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}{% for (a, b) in nested %}{{ b }}{% endfor %}",
    "for_neighbours": "{% for x in words %}[{{ loop.previtem }}<{{ x }}>{{ loop.nextitem if not loop.last }}]{{ loop.cycle('o', 'e') }}{% endfor %}",
    "for_text": "{% for c in 'héy' %}{{ c }}.{% endfor %}{% for k in map %}{{ k }},{% endfor %}",
    "for_nested": "{% for a in [1, 2] %}{% set outer = loop %}{% for b in 'xy' %}{{ outer.index }}{{ loop.index }}{{ loop.depth }}{{ b }} {% endfor %}{% endfor %}",
    "break": "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x > 4 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "set": "{% set a = 1 %}{% set b, c = 2, 3 %}{% set d = (4, 5) %}{{ a }}{{ b }}{{ c }}{{ d }}{% for x in [1] %}{% set a = 9 %}{{ a }}{% endfor %}{{ a }}{% if yes %}{% set a = 8 %}{% endif %}{{ a }}",
    "set_block": "{% set a %}x{{ seven }}y\n{% endset %}[{{ a }}]{% set b | upper | trim %} q {% endset %}[{{ b }}]",
    "namespace": "{% set ns = namespace(n=0, s='') %}{% for x in list %}{% set ns.n = ns.n + x %}{% set ns.s = ns.s ~ x %}{% endfor %}{{ ns.n }} {{ ns.s }}",
    "loop_scope": "{% set found = false %}{% for x in list %}{% if not found %}{% set found = true %}{{ x }}{% endif %}{% endfor %}{{ found }}",
    "macro": MACRO,
    "macro_scope": "{% set g = 'g' %}{% macro m(a) %}{{ g }}{{ a }}{% set a = 'z' %}{{ a }}{% endmacro %}{% for g in [1] %}{{ m(g) }}{% endfor %}{% set g = 'h' %}{{ m('b') }}",
    "call": "{% macro box(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call box('b') %}in{{ seven }}{% endcall %}{% macro each(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(v) each(list) %}({{ v }}){% endcall %}",
    "filter_block": "{% filter upper %}abc {{ text }}{% endfilter %}",
    "with": "{% with a = 1, b = seven %}{{ a }}{{ b }}{% set a = 5 %}{{ a }}{% endwith %}{{ a is defined }}",
    "raw": "{% raw %}{{ x }} {% if %}{% endraw %}|{%- raw -%}  a {{ b }} {%- endraw -%}  |",
    "comment": "a{# {{ x }} {% %} #}b\n{# c #}\nd {#- x -#} e\n   {# line #}\nf",
    "trim_lstrip": "a\n  {% if yes %}\n  b\n  {% endif %}\n  {{ seven }}\nc {% if yes %} d {% endif %} e\n\t{%+ if yes %}\nf\n  {% endif +%}\ng\n",
    "minus": "a  \n {%- if yes -%}  \n b {{- seven -}} \n c \u00a0{%- endif %} d\n\n{{- text }}\n\n  {{ seven -}}\n\n e",
    "newlines": "a\r\n{% if yes %}\r\nb\r{% endif %}\r\nc\n\n",
    "tag_runs": "  {% if yes %}  {% if yes %}\n  {% endif %}  {% endif %}x\n {% set a = 1 %} {% set b = 2 %}\ny",
    "strings": "{{ 'a\\'b' }}{{ \"c\\\"d\" }}{{ 'tab\\tnew\\nuni\\u00e9\\x41\\101 \\q \\\\' }}{{ 'lit\neral' }}",
    "chained": "{{ (list|sort|map('string')|join('-') ~ '!').upper().replace('-', '+')[1:] }}{{ text|lower|replace('o', 'u')|title }}",
    "braces": "{{ {'a': {'b': 1}}['a']['b'] }}{{ {'a': {}} }}{{ '}}' }}{{ '%}' }}",
    "attribute_first": "{{ map.get('b') }}{{ map['get'] is defined }}{{ text.upper is defined }}{{ people[0].tags[0] }}{{ people.0.name }}",
    "in_loop_tests": "{% for m in messages %}{{ m.content is string }}{{ m.tool_calls is defined and m.tool_calls is iterable }}{{ 'tool_calls' in m }} {% endfor %}",
    "plus_none": "{{ 'a' ~ (messages[4].content or '') ~ messages[4]['content'] }}",
}

ERRORS = {
    "undefined_attribute": "a\n{{ nope.x }}", "undefined_call": "{{ nope() }}", "undefined_sum": "\n\n{{ nope + 'a' }}", "str_plus_int": "{{ 'a' + 1 }}",
    "str_plus_none": "{{ 'a' + none }}", "raise": "a\n{% if yes %}\n{{ raise_exception('No way') }}{% endif %}", "zero": "{{ 1 // 0 }}", "less": "{{ 'a' < 1 }}",
    "iterate": "{% for x in 5 %}{% endfor %}", "unpack": "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "filter": "{{ 'a'|nope }}", "test": "{{ 'a' is nope }}",
    "unclosed": "{% if yes %}a", "unclosed_variable": "{{ a", "bad_tag": "{% nope %}", "end": "{% endif %}", "bracket": "{{ (1] }}", "empty": "{{ }}", "string": "{{ 'a }}",
    "macro_arguments": "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "not_callable": "{{ text() }}", "range": "{{ range(1000000)|list }}", "append": "{{ list.append(4) }}",
    "json": "{{ range|tojson }}", "len": "{{ 5|length }}", "assign": "{% set none = 1 %}", "set_attribute": "{% set text.x = 1 %}", "hash": "{{ {[1]: 2} }}",
}
