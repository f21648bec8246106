from privexbot_app.ui import layout, shell
from privexbot_app.ui.pages.chatbots.page import chatbots_page


def test_a_page_registers_itself_with_its_guard_and_place():
    entry = {entry.route: entry for entry in layout.discover()}["/chatbots"]
    assert entry.render is chatbots_page
    assert (entry.title, entry.permission, entry.is_public) == ("Chatbots", "bots.read", False)


def test_the_sidebar_shows_pages_with_an_icon_in_their_order():
    layout.discover()
    titles = [link.title for section in layout.sidebar_sections() for link in section.links]
    assert titles.index("Overview") < titles.index("Chatbots") < titles.index("Account")
    assert "Chatbot builder" not in titles


def test_a_page_below_another_marks_it_in_the_sidebar():
    layout.discover()
    sections = layout.sidebar_sections()
    assert shell.current_route(sections, "/chatbots/drafts/[draft]") == "/chatbots"
    assert shell.current_route(sections, "/") == "/"
    assert shell.current_route(sections, "/404") == ""


def test_only_the_doors_and_the_wrong_address_are_public():
    mailed = {"/forgot-password", "/reset-password", "/verify-email", "/invitation"}
    assert {entry.route for entry in layout.discover() if entry.is_public} == {"/sign-in", "/register", "/404", *mailed}


def test_every_page_is_bundled_under_its_own_module_so_that_none_loads_the_parts_of_all():
    for entry in layout.discover():
        assert layout.framed(entry).__module__ == entry.render.__module__
