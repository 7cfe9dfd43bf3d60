import validateLinks from 'remark-validate-links'

/** `npm run check` looks for links of Markdown files that lead nowhere: to a file or a heading that is missing. */
export default { plugins: [[validateLinks, { repository: false }]] }
