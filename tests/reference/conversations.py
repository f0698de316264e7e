"""Conversations that chat templates are rendered with: system, tools, many turns, empty and odd content."""

TOOLS = [{"type": "function", "function": {
    "name": "look_up", "description": "Looks up\na \"word\" <é>",
    "parameters": {"type": "object", "properties": {"word": {"type": "string", "enum": ["a", "b"]}, "n": {"type": "integer"}},
                   "required": ["word"]}}}]
CALL = {"type": "function", "id": "call12345", "function": {"name": "look_up", "arguments": {"word": "né", "n": 2, "exact": True}}}


def say(role, content, **more):
    return {"role": role, "content": content, **more}


CONVERSATIONS = {
    "one question": [say("user", "Hi")],
    "question and answer": [say("user", "What is 2 + 2?"), say("assistant", "4")],
    "system": [say("system", "Be brief."), say("user", "Hello"), say("assistant", "Hi.")],
    "many turns": [say("system", " You are a pirate.\n"), say("user", "Who?"), say("assistant", "Me."), say("user", "Where?"),
                   say("assistant", "Here."), say("user", "When?"), say("assistant", "Now.\n")],
    "no answer yet": [say("user", "a"), say("assistant", "b"), say("user", "c")],
    "empty content": [say("user", ""), say("assistant", ""), say("user", " "), say("assistant", "x")],
    "Unicode": [say("user", "  Was heißt “ré sumé”? \n"), say("assistant", "日本語 <b> & 'x' \"y\" \\ \t👩‍👩‍👧 \u00a0\u2028")],
    "thinking": [say("user", "1+1"), say("assistant", "<think>\nadd them\n</think>\n\n2"), say("user", "2+2"),
                 say("assistant", "<think>\n\n</think>\n\n4", reasoning_content="sum")],
    "tool calls": [say("system", "Use tools."), say("user", "look"), say("assistant", "", tool_calls=[CALL]),
                   say("tool", "{\"found\": [1, 2.5, null]}", name="look_up", tool_call_id="call12345"), say("assistant", "Done.")],
    "two tool calls": [say("user", "look twice"), say("assistant", None, tool_calls=[CALL, {**CALL, "id": "call67890"}]),
                       say("tool", "one", name="look_up"), say("tool", "two", name="look_up"), say("assistant", "Both done.")],
    "parts": [say("user", [{"type": "text", "text": "Part one. "}, {"type": "text", "text": "Part two."}]),
              say("assistant", [{"type": "text", "text": "Fine."}])],
    "wrong order": [say("assistant", "I begin."), say("user", "No."), say("user", "Me again.")],
    "developer": [say("developer", "Rules."), say("user", "Ok?"), say("assistant", "Ok.")],
}


def contexts():
    """(name, variables) for each conversation, with and without tools and generation prompt."""
    for name, messages in CONVERSATIONS.items():
        for tools in (None, TOOLS):
            for prompt in (False, True):
                yield f"{name}{', tools' if tools else ''}{', prompt' if prompt else ''}", {
                    "messages": messages, "tools": tools, "documents": None, "add_generation_prompt": prompt,
                    "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
