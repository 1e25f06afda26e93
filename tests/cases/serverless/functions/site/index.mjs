export const show = async () => ({ statusCode: 200, body: "hello" });
