"""A Chainlit application as people write it: a login, a tool, a provider's call, an element; nothing about Literal."""

import chainlit as cl
import openai


@cl.password_auth_callback
def log_in(username: str, password: str):
    return cl.User(identifier=username, metadata={"role": "tester"})


@cl.on_chat_resume
async def resume(thread):
    pass


@cl.step(type="tool")
async def look_up(city: str):
    return "21 degrees"


@cl.on_message
async def answer(message: cl.Message):
    async with cl.Step(name="agent", type="run") as agent:
        agent.input = message.content
        weather = await look_up("Lisbon")
        chat = await openai.AsyncOpenAI().chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": message.content}]
        )
        agent.output = weather
    note = cl.Text(name="note", content=chat.choices[0].message.content)
    await cl.Message(content=f"It is {weather}.", elements=[note]).send()


cl.instrument_openai()
