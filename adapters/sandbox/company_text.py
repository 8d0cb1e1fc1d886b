"""Names and phrases of a made-up company's customers, deals, e-mails and notes."""

from __future__ import annotations

FIRST_NAMES = (
    "Ada", "Bram", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jakub", "Keira", "Luca", "Maren",
    "Noor", "Oskar", "Paula", "Quentin", "Rosa", "Sami", "Tereza", "Ulf", "Vera", "Wim", "Ximena", "Yusuf", "Zora",
)  # fmt: skip
LAST_NAMES = (
    "Almeida", "Bergström", "Castellano", "Dvořák", "Eriksen", "Fontaine", "Grünwald", "Horvat", "Ivanova", "Jansen",
    "Keller", "Laurent", "Mancini", "Novak", "O'Brien", "Petrov", "Quist", "Rossi", "Schneider", "Takala", "Urban",
    "Vogel", "Weber", "Yilmaz", "Zielinski",
)  # fmt: skip
COMPANY_STEMS = (
    "Alder", "Birchwood", "Cobalt", "Delta", "Everfield", "Fjord", "Granite", "Harbour", "Indigo", "Juniper", "Kestrel",
    "Lakeside", "Meridian", "Northgate", "Orchard", "Pinnacle", "Quarry", "Riverstone", "Saffron", "Timber", "Umber",
    "Vantage", "Willow", "Yarrow", "Zenith",
)  # fmt: skip
COMPANY_ENDINGS = (
    ("Foods", "Hospitality"), ("Logistics", "Transportation"), ("Instruments", "Machinery"), ("Health", "Healthcare"),
    ("Energy", "Energy"), ("Retail Group", "Retail"), ("Engineering", "Engineering"), ("Media", "Media"),
    ("Insurance", "Insurance"), ("Software", "Technology"), ("Construction", "Construction"), ("Academy", "Education"),
)  # fmt: skip
TITLES = (
    "Head of Purchasing", "Operations Manager", "Chief Financial Officer", "IT Lead", "Office Manager",
    "Plant Director", "Service Coordinator", "Founder", "Head of Logistics", "Controller",
)  # fmt: skip
COUNTRIES = ("Austria", "Netherlands", "Portugal", "Sweden", "Belgium", "Finland", "France", "Ireland", "Germany")
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Other")
LEAD_MESSAGES = (
    "We look for a replacement for {count} old devices before {month}.",
    "Please send your price list for {product}.",
    "Saw {product} at the fair in {city}, could someone show it to us on {day}?",
    "Just comparing offers, no budget this year.",
    "Our board decided on {day}: we need an offer for {count} sites by {month}.",
    "A student here, I need figures for my thesis.",
)
DEAL_NAMES = ("{product} for {city}", "Roll-out of {count} {product}", "Service contract {month}", "{product} renewal")
NEXT_STEPS = (
    "Send the revised quote", "Call with purchasing", "Wait for the signature", "Demo on site",
    "Clarify delivery dates", "",
)  # fmt: skip
EMAILS = (
    ("Your quote", "Thank you for the quote. {count} units is right, but the price for {product} is above our budget."),
    ("Meeting on {day}", "{day} suits us. {person} from purchasing will join the call."),
    ("Delay", "Our project has slipped to {month}, so we cannot sign before then."),
    ("Go ahead", "The board agreed on {day}. Please send the contract for {product}."),
    ("Reference customer", "Could you name a customer in {city} who uses {product} every day?"),
    ("Competitor offer", "Another supplier offered {amount} euros less for something close to {product}."),
)
NOTES = (
    "Spoke to {person}: they like {product}, decision in {month}.",
    "Left a message on the mailbox, will try again on {day}.",
    "Budget of about {amount} euros is approved.",
    "They also talk to a competitor from {city}.",
    "{person} is leaving the company, find out who takes over.",
    "Asked for a discount on more than {count} units.",
)
TASKS = (
    "Call about {product}",
    "Send brochure for {product}",
    "Check delivery to {city}",
    "Prepare offer over {amount} euros",
)
PAGES = ("/pricing", "/products/{slug}", "/contact", "/case-studies/{slug}", "/docs/installation", "/careers")

TRANSCRIPTS = (
    (
        "Quarterly review",
        "{us}: Thanks for making the time. Can you hear me well?\n{them}: Yes, perfectly. Could you send us the usage report"
        " by Friday?\n{us}: Sure, I'll send it by Friday.\n{them}: I will check the renewal budget with our finance team"
        " next week.\n{us}: Great, then we talk again in two weeks.",
    ),
    (
        "Product demo",
        "{us}: This is the view your team would use every day.\n{them}: It looks simple. Please send me the price list"
        " tomorrow.\n{us}: I'll send the price list tomorrow and prepare an offer by the end of the week.\n{them}: Maybe we"
        " try it with one team at some point.",
    ),
    (
        "Abstimmung zur Lieferung",
        "{us}: Guten Tag, schön, dass es klappt.\n{them}: Können Sie uns bis Freitag den neuen Liefertermin nennen?\n"
        "{us}: Ja, ich kläre das bis Freitag mit dem Lager.\n{them}: Ich schicke Ihnen morgen die Bestellnummer.",
    ),
)
