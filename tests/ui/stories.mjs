// SPDX-License-Identifier: Apache-2.0
// Invented people and posts for the contract server: the firm, the names and every word are made up.
// One story is one conversation: [author, handle, channel, intent, minutes ago, state, text, more]
export const CHANNELS = [
  { id: 1, name: "Comments", kind: "webhook" },
  { id: 2, name: "Mentions", kind: "webhook" },
  { id: 3, name: "Reviews", kind: "webhook" },
  { id: 4, name: "Direct messages", kind: "webhook" },
  { id: 5, name: "E-mail", kind: "import" },
  { id: 6, name: "Telephone and counter", kind: "intake" },
];
const [COMMENTS, MENTIONS, REVIEWS, DIRECT, EMAIL, PHONE] = CHANNELS.map((one) => one.id);

export const STORIES = [
  ["Mara Lindqvist", "@mara.l", MENTIONS, "complaint", 22, "new",
    "Stood at the pier for three hours with two kids and nobody told us anything. The board said “on time” the whole while. I paid for four seats on the 10:40 and ended up on the floor of the 14:15. Is this how you treat families?",
    { risks: ["safety"], words: [["nobody told us", "complaint"], ["floor", "safety"], ["kids", "safety"]], reach: 1900, echo_count: 41,
      first: "Stood at the pier for ages with two kids and nobody told us anything.", others: ["Same here, gate 3. Not one person in a vest to be seen.", "The app said cancelled, the board said on time. Which is it?"], urgency: 91, priority: "urgent", tags: ["delay", "10:40"] }],
  ["Henning Voss", null, PHONE, "complaint", 55, "open",
    "Says the refund of 4 November has still not arrived, third call about it. Calm, but will go to the ombudsman on Friday and to the newspaper after that.",
    { risks: ["legal"], words: [["ombudsman", "legal"], ["third call", "complaint"]], urgency: 88, priority: "high", kind: "call", reply: [4, "Took the booking number and promised to call back before 16:00."], mine: true, note: "Finance sees the refund as paid on 9 November, to an account that was closed." }],
  ["Tove Aas", "@toveaas", COMMENTS, "question", 12, "new",
    "Can I bring a cargo bike on the evening crossing, and do I book it as a bicycle or as a vehicle?", { urgency: 46 }],
  ["J. Okonkwo", null, REVIEWS, "complaint", 35, "new",
    "Cabin 214 smelled of diesel all night, my daughter was sick twice. Reception shrugged. We asked for another cabin and were told to “open the window”. There is no window.",
    { title: "Never again with children", rating: 1, risks: ["safety"], words: [["smelled of diesel", "safety"], ["was sick twice", "safety"], ["Never again", "complaint"]], urgency: 84, priority: "high" }],
  ["Kristin Moe", "kmoe", DIRECT, "request", 8, "new",
    "Hi, I need an invoice with our company’s address for booking HV-29114, the one in the mail has my private address on it. Thanks!", { kind: "message", urgency: 38 }],
  ["Pål Rønning", "@paalr", MENTIONS, "complaint", 190, "new",
    "Third time this month the 07:10 leaves without the people who stand in line at the ticket machine. One machine. ONE. For two hundred commuters. Fix it or stop pretending you run a ferry.",
    { words: [["Third time this month", "complaint"], ["Fix it", "complaint"]], urgency: 77, priority: "high", reach: 640, tags: ["ticket machine"] }],
  ["Anonymous", null, REVIEWS, "complaint", 400, "new", "Dirty deck, broken heating, cold soup. Two stars for the view.", { rating: 2, words: [["broken heating", "complaint"]], urgency: 58 }],
  ["Sunniva Berg", "@sunnib", COMMENTS, "praise", 75, "open",
    "Thank you to the woman at the bar on the 18:30 yesterday who found my father’s hearing aid under the sofa and would not take a tip. You have gold there.", { urgency: 12, words: [["Thank you", "praise"]], reply: [31, "We know who you mean, and she will read this at breakfast. Thank you for telling us!"], stop: true }],
  ["Deal Hunter 24", "@deals4u_now", COMMENTS, "spam", 16, "new", "EARN 900 € A DAY from home, no skills!!! link in my profile 💰💰💰", { urgency: 3, conduct: "spam", noClock: true }],
  ["Gregor Wolff", "gwolff", EMAIL, "complaint", 1500, "pending",
    "Dear Sir or Madam,\n\nyour crew scratched the door of my car while loading on 19 November (see the three photographs). The deck officer saw it and said that I should write to you. I expect a repair at your expense.\n\nYours faithfully\nGregor Wolff",
    { kind: "email", title: "Damage to my car, crossing of 19 November", risks: ["legal"], words: [["at your expense", "legal"]], urgency: 71, priority: "high", reply: [55, "Dear Mr Wolff, I am sorry that this happened on our deck. Could you send us the name of the garage you would like to use? We then speak to them directly."], assignee: 2 }],
  ["Ingrid Falk", "@falk.ingrid", MENTIONS, "complaint", 65, "on_hold",
    "Your captain overtook our sailing boat so close that my mug fell over. I have it on film and I am sending it to the maritime authority.",
    { risks: ["safety", "legal"], words: [["maritime authority", "legal"], ["so close", "safety"]], urgency: 90, priority: "urgent", assignee: 1, tags: ["legal"], note: "With the marine superintendent since this morning. Do not answer before she has seen the film." }],
  ["Oskar Lie", "@oskarlie", COMMENTS, "question", 48, "open", "Is the café on the first boat open already? Asking for a person who does not function before coffee.", { urgency: 25, reply: [14, "It opens with the first boat, 05:55. The person will be fine."], stop: true }],
  ["Berit Haugen", null, PHONE, "complaint", 2900, "solved", "Came to the counter: her wheelchair place was taken by luggage on the 12:00. Very upset, was helped by other passengers.",
    { kind: "visit", risks: ["safety"], urgency: 82, reply: [6, "Apologised, gave her the direct number of the harbour office, and told the deck crew."], stop: true, assignee: 1 }],
  ["Consumer Council, region west", null, EMAIL, "complaint", 180, "open", "We have received four complaints about the cancellation of the 10:40 on 16 November and ask for a statement within ten working days. Our reference 2026/1123.",
    { kind: "notice", title: "Request for a statement, 2026/1123", risks: ["legal"], words: [["within ten working days", "legal"]], urgency: 86, priority: "urgent", assignee: 1, tags: ["council"] }],
  ["pirate_pete", "@pete_pirate", MENTIONS, "abuse", 95, "new", "bunch of absolute clowns, hope your rustbucket sinks with the whole management on it", { conduct: "abuse", urgency: 44, words: [["absolute clowns", "abuse"]] }],
  ["Yusuf Demir", "@yusuf_d", MENTIONS, "complaint", 27, "new", "Paid for the fast lane, waited in the slow one, because the fast one was closed “due to staff”. Where do I get my 12 € back?", { words: [["Where do I get my 12 € back", "complaint"]], urgency: 66, tags: ["fast lane"] }],
  ["Lena Stoltz", "@lenastoltz", COMMENTS, "complaint", 130, "new", "The swell was high, fine, nobody’s fault. But handing out one paper bag per family?", { urgency: 57, deleted: 18 }],
  ["Aksel Nygård", "aksel.n", DIRECT, "question", 240, "pending", "My dog is 41 kg. The page says up to 40. He is on a diet. Will you weigh him?", { kind: "message", urgency: 22, reply: [12, "We will not weigh him. What is his name, and when do you travel? We put him on the list."] }],
  ["Fatima Rahmani", "@f_rahmani", REVIEWS, "praise", 620, "solved", "Clean, on time, and the crew played cards with my kids during the fog delay.", { rating: 5, urgency: 6, reply: [40, "That made our day. Who won?"], stop: true }],
  ["<script>alert(1)</script>", "@\"><img src=x onerror=alert(1)>", COMMENTS, "question", 33, "new",
    "<img src=x onerror=\"document.title='owned'\"> <b>bold?</b> {{constructor.constructor('alert(1)')()}} \u202Egnp.exe\u202C ]]> &lt;i&gt; javascript:alert(1) https://example.invalid/%3Cscript%3E " + "Z".repeat(180) + " z\u0351\u036f\u0346a\u0350\u035d\u0300l\u0315\u035d\u0301g\u0334\u0321\u0308o\u0337\u031b\u0306 👩‍👩‍👧‍👦 مرحبا بالعالم",
    { urgency: 20, title: "</title><svg onload=alert(1)>", url: "javascript:alert(1)", words: [["bold?", "question"]], hostile: true }],
  ["Ragnhild Sæther", "@ragnhild", MENTIONS, "complaint", 43, "open", "I have now written three times about the lost suitcase. I get the same text back each time. Is anybody reading this?", { words: [["three times", "complaint"], ["Is anybody reading this", "complaint"]], urgency: 79, priority: "high", assignee: 1, reply: [9, "Thank you for contacting us. Your request is important to us."], then: [20, "See? The same text again."] }],
  ["Emil Strand", "@emilstrand", COMMENTS, "question", 5, "new", "Does the Sunday timetable hold on the 26th?", { urgency: 31 }],
  ["M. Castellano", null, REVIEWS, "complaint", 1450, "new", "Booked two cabins, got one. Slept in the lounge next to a slot machine that sings.", { rating: 1, words: [["got one", "complaint"]], urgency: 69 }],
  ["Nora Vik", "@noravik", MENTIONS, "question", 18, "new", "Which pier for the island boat now that pier 2 is closed? The sign points into the water, literally.", { urgency: 52, reach: 310 }],
  ["Harald Dahl", "hdahl", EMAIL, "request", 2100, "solved", "Please change the name on booking HV-30077 from Harold to Harald.", { kind: "email", title: "Name on booking HV-30077", urgency: 18, reply: [22, "Done, Harald it is."], stop: true }],
  ["Silje Thune", "@siljet", COMMENTS, "complaint", 310, "new", "The lift to deck 6 has been “soon repaired” since August. My mother is 84.", { risks: ["safety"], words: [["since August", "complaint"]], urgency: 72, tags: ["lift"] }],
  ["Jonas Eide", "@jonase", MENTIONS, "praise", 140, "closed", "Smoothest docking in a force 8 I have ever seen. Hats off.", { urgency: 4, noClock: true }],
  ["Petra Kühn", "pkuehn", DIRECT, "complaint", 29, "new", "The crew member at the gate called my husband “grandpa” and pushed the trolley against his leg. He is bruised. Date: today, 08:50.", { kind: "message", risks: ["safety"], words: [["pushed the trolley", "safety"], ["bruised", "safety"]], urgency: 89, priority: "urgent" }],
  ["Theo Brandvold", "@theob", COMMENTS, "question", 58, "pending", "How early do I have to be there with a caravan?", { urgency: 20, reply: [8, "45 minutes. How long is it over all?"] }],
  ["Astrid Holm", null, PHONE, "complaint", 4300, "solved", "Letter: was charged twice for the same crossing, encloses both statements.", { kind: "letter", urgency: 60, reply: [300, "Refunded the second charge, wrote back by letter."], stop: true }],
];

const EXTRA_NAMES = ["Liv Sand", "Per Tangen", "Hanna Kolb", "Rolf Eng", "Maja Lund", "Ole Vang", "Carla Ruiz", "Timo Saar", "Eva Brun", "Nils Aker"];
const EXTRA_TEXTS = [
  ["question", "Are the lounge seats numbered on the night boat?"],
  ["complaint", "Forty minutes late and no word over the loudspeaker."],
  ["question", "Can I change the return trip to the 27th without a fee?"],
  ["complaint", "The toilets on deck 4 were locked for the whole crossing."],
  ["praise", "Best fish soup on any boat, and I have been on a few."],
  ["complaint", "Your new app logs me out each time I open the ticket. At the gate. With a queue behind me."],
  ["question", "Where do foot passengers wait when it rains?"],
  ["complaint", "I asked for a vegetarian meal when I booked and got a shrug and a banana."],
  ["request", "Please send the receipt for HV-31550 once more."],
  ["complaint", "Two staff members stood and watched while an old lady carried her own bags up the stairs."],
];
for (let i = 0; i < EXTRA_NAMES.length; i++) {
  const [intent, text] = EXTRA_TEXTS[i];
  STORIES.push([EXTRA_NAMES[i], `@${EXTRA_NAMES[i].toLowerCase().replace(" ", "")}`, [COMMENTS, MENTIONS, REVIEWS, DIRECT][i % 4], intent, 80 + i * 97, i % 3 ? "new" : "open", text,
    { urgency: intent === "complaint" ? 55 + i : 20 + i, words: [], kind: i % 4 === 3 ? "message" : undefined, rating: i % 4 === 2 ? (intent === "praise" ? 5 : 2) : undefined }]);
}
